// Asks again and again while a view is open and the page is seen.

export function polled(ask, every) {
  let timer = 0;
  let turn = 0;  // of the asking that counts: a newer one takes over

  async function again() {
    clearTimeout(timer);
    turn += 1;
    const mine = turn;
    if (!document.hidden) await ask(() => mine === turn);
    if (mine === turn) timer = setTimeout(again, every);
  }

  function stop() {
    turn += 1;
    clearTimeout(timer);
  }

  return { again, stop };
}
