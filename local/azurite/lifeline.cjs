// Loaded before Azurite: ends the process when the parent that holds our standard input open is gone, however it died, and
// leaves Ctrl-C (which a terminal sends to every process of the group) to the parent, who stops things in order.
'use strict';
if (process.env.CTSEG_EXIT_WITH_STDIN === '1') {
  process.stdin.on('end', () => process.exit(0));
  process.stdin.on('error', () => process.exit(0));
  process.stdin.resume();
  // Azurite stops on SIGINT; a listener of ours alone would not take that away.
  const on = process.on;
  process.on = process.addListener = function (event, listener) {
    return on.call(this, event, event === 'SIGINT' ? () => {} : listener);
  };
  process.on('SIGINT', () => {});
}
