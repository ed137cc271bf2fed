// The last 15 minutes as plots, drawn by dygraphs.

import { at, element, setText } from '/dom.js';
import { bitRate, count, rate } from '/format.js';

/* global Dygraph */

const short = (write) => (number) => write(number).replace('/s', '');

// Of each plot: its series, and what a sample says of them, as an amount a second or as it is.
const PLOTS = [
  { id: 'plot-bytes', title: 'Throughput', write: bitRate, axis: bitRate,
    series: ['to clients', 'from clients'],
    values: (sample, seconds) => [8 * sample.bytes_to_client / seconds, 8 * sample.bytes_from_client / seconds] },
  { id: 'plot-accepted', title: 'New flows', write: rate, axis: short(rate),
    series: ['MPTCP', 'TCP'],
    values: (sample, seconds) => [sample.flows_accepted.mptcp / seconds, sample.flows_accepted.tcp / seconds] },
  { id: 'plot-live', title: 'Live flows', write: (number) => count(Math.round(number)), axis: (number) => count(number),
    series: ['MPTCP', 'TCP'],
    values: (sample) => [sample.flows_live.mptcp, sample.flows_live.tcp] },
  { id: 'plot-requests', title: 'Requests', write: rate, axis: short(rate),
    series: ['requests', 'errors'], colours: ['--series-a', '--bad'],
    values: (sample, seconds) => [sample.requests / seconds, sample.errors / seconds] },
];

const MINUTES = 15;
let interval = 5;
let samples = [];
const drawn = new Map();

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const rows = (plot) => samples.map((sample) => [new Date(sample.at), ...plot.values(sample, interval)]);

// What is under the pointer, or else the newest.
function showValues(plot, row) {
  const { values, when } = drawn.get(plot.id);
  const sample = samples[row ?? samples.length - 1];
  const said = sample ? plot.values(sample, interval).map(plot.write) : plot.series.map(() => '–');
  said.forEach((text, index) => setText(values[index], text));
  const isPast = row !== undefined && row !== null && sample;
  setText(when, isPast ? new Date(sample.at).toLocaleTimeString('en-GB') : 'now');
}

function legend(plot) {
  const values = plot.series.map(() => element('span', { class: 'value', text: '–' }));
  const when = element('span', { class: 'when', text: 'now' });
  const list = element('ul', { class: 'legend' }, ...plot.series.map((name, index) =>
    element('li', { class: `series-${index} ${plot.colours ? 'alarming' : ''}` }, element('span', { text: name }),
      values[index])));
  at(plot.id).prepend(element('figcaption', {}, element('h3', { text: plot.title }), when, list));
  return { values, when };
}

function colours(plot) {
  const [first, second] = plot.colours ?? ['--series-a', '--series-b'];
  return { colors: [colour(first), colour(second)], gridLineColor: colour('--line'), axisLineColor: colour('--line') };
}

function highest(data) {
  let most = 0;
  for (const [, ...values] of data) most = Math.max(most, ...values);
  return most;
}

// The whole quarter of an hour, whether or not there are samples of all of it; and never a range without height.
function range(data) {
  const last = samples.length > 0 ? new Date(samples.at(-1).at).getTime() : Date.now();
  const most = highest(data);
  return { dateWindow: [last - MINUTES * 60_000, last], valueRange: [0, most > 0 ? most * 1.15 : 1] };
}

function make(plot, data) {
  const graph = new Dygraph(at(plot.id).querySelector('.plot'), data, {
    ...colours(plot), ...range(data),
    labels: ['time', ...plot.series],
    strokeWidth: 1.75, fillGraph: true, fillAlpha: 0.1, highlightCircleSize: 3,
    series: { [plot.series[1]]: { strokePattern: [5, 3] } },  // told apart without colour, too
    legend: 'never', showRangeSelector: false, interactionModel: {},
    xAxisHeight: 20,
    axes: {
      x: { drawGrid: false, axisLabelFontSize: 11, pixelsPerLabel: 70,
        axisLabelFormatter: (moment) => moment.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' }) },
      y: { axisLabelFontSize: 11, axisLabelWidth: 64, pixelsPerLabel: 34, axisLabelFormatter: (number) => plot.axis(number) },
    },
    highlightCallback: (_event, _x, _points, row) => showValues(plot, row),
    unhighlightCallback: () => showValues(plot),
  });
  drawn.get(plot.id).graph = graph;
}

function draw(plot) {
  const data = rows(plot);
  const { graph } = drawn.get(plot.id);
  if (data.length === 0) return;
  if (graph) graph.updateOptions({ file: data, ...range(data) });
  else make(plot, data);
  if (!graph || graph.getSelection() < 0) showValues(plot);
}

export function drawAll() { PLOTS.forEach(draw); }

export function take(history) {
  interval = history.interval_s;
  samples = history.samples;
}

export function add(sample) {
  samples = [...samples, sample].slice(-MINUTES * 60 / interval);
}

export const newest = () => ({ sample: samples.at(-1), interval });
export const sum = (value) => samples.reduce((total, sample) => total + value(sample), 0);

export function start() {
  // Its legend writes style attributes, which the page's content policy forbids; the page has its own.
  Dygraph.PLUGINS = Dygraph.PLUGINS.filter((plugin) => plugin !== Dygraph.Plugins.Legend);
  for (const plot of PLOTS) drawn.set(plot.id, legend(plot));
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    for (const plot of PLOTS) drawn.get(plot.id).graph?.updateOptions(colours(plot));
  });
}
