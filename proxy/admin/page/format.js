// Numbers and times as people read them.

const grouped = new Intl.NumberFormat('en');
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

export const count = (number) => grouped.format(number);

export function bytes(number) {
  if (number < 1024) return `${number} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let left = number;
  let unit = -1;
  do { left /= 1024; unit += 1; } while (left >= 1023.95 && unit < units.length - 1);
  return `${left.toFixed(1)} ${units[unit]}`;
}

// As networks count: bits, by the thousand.
export function bitRate(bitsPerSecond) {
  const units = ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s'];
  let left = bitsPerSecond;
  let unit = 0;
  while (left >= 999.5 && unit < units.length - 1) { left /= 1000; unit += 1; }
  return `${unit === 0 || left >= 99.95 ? Math.round(left) : left.toFixed(1)} ${units[unit]}`;
}

export function rate(perSecond) {
  if (perSecond === 0) return '0/s';
  return perSecond < 9.95 ? `${perSecond.toFixed(1)}/s` : `${count(Math.round(perSecond))}/s`;
}

export function share(part, whole) {
  if (!whole) return '–';
  const percent = 100 * part / whole;
  if (percent > 0 && percent < 0.1) return '< 0.1 %';
  return `${percent > 0 && percent < 9.95 ? percent.toFixed(1) : Math.round(percent)} %`;
}

export function duration(milliseconds) {
  const seconds = Math.floor(Math.max(0, milliseconds) / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds / 60) % 60} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor(seconds / 3600) % 24} h`;
}

export const roundTrip = (microseconds) =>
  microseconds < 1000 ? `${microseconds} µs` : `${(microseconds / 1000).toFixed(1)} ms`;

export function time(text) {
  const moment = new Date(text);
  if (Number.isNaN(moment.getTime())) return '–';
  const isToday = new Date().toDateString() === moment.toDateString();
  return isToday ? clock.format(moment) : `${day.format(moment)}, ${clock.format(moment)}`;
}

export function date(text) {
  const moment = new Date(text);
  if (Number.isNaN(moment.getTime())) return '–';
  return new Intl.DateTimeFormat('en-GB', { dateStyle: 'long' }).format(moment);
}

export const plural = (number, one, many) => `${count(number)} ${number === 1 ? one : many}`;

// '10.1.0.2:443' or '[fd00::1]:443'
export function endpoint(text) {
  const colon = text.lastIndexOf(':');
  return { address: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
}

export const transport = (flow) =>
  flow.transport !== 'mptcp' ? 'TCP' : flow.fallback ? 'MPTCP, fell back' : 'MPTCP';

export function decider(rule) {
  if (!rule) return 'the defaults';
  return rule.startsWith('bypass ') ? rule : `rule ${rule}`;
}
