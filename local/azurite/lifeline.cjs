// Loaded before Azurite: ends it when the parent that holds our standard input open is gone, however it died, and
// leaves Ctrl-C (which a terminal sends to every process of the group) to the parent, who stops things in order.
'use strict';
if (process.env.CTSEG_EXIT_WITH_STDIN === '1') {
  // Azurite writes its tables when it closes, and waits for every idle connection before.
  const { Server } = require('http');
  const close = Server.prototype.close;
  Server.prototype.close = function (...rest) {
    const closing = close.apply(this, rest);
    this.closeAllConnections();
    return closing;
  };
  const end = () => {
    setTimeout(() => process.exit(0), 10000).unref();
    if (!process.emit('SIGTERM')) process.exit(0);
  };
  process.stdin.on('end', end);
  process.stdin.on('error', end);
  process.stdin.resume();
  // Held open, it would keep the process alive after all else has closed.
  process.stdin.unref?.();
  // Azurite stops on SIGINT; a listener of ours alone would not take that away.
  const on = process.on;
  process.on = process.addListener = function (event, listener) {
    return on.call(this, event, event === 'SIGINT' ? () => {} : listener);
  };
  process.on('SIGINT', () => {});
}
