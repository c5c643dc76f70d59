/** A subject's link to the process that runs the benchmark, and has the peer. */

/** Tells the result. */
export const tell = (result) => new Promise((resolve) => process.send({ type: 'result', ...result }, resolve));

/** Has the parent do something, such as order the peer a flood; resolves with its answer. */
export const ask = (type, order) =>
  new Promise((resolve) => {
    const listener = (message) => {
      if (message.type !== type) return;
      process.off('message', listener);
      resolve(message);
    };
    process.on('message', listener);
    process.send({ type, order });
  });
