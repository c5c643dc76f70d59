/** The inspector's page: shows units at any moment of what they recorded. */
import { render } from 'preact';
import { App } from './app.tsx';
import { watchScheme } from './colours.ts';
import { connect } from './connection.ts';
import { listenToKeys } from './keys.ts';
import { isFollowing, now } from './store.ts';

/** How often the time moves on while the page follows, in milliseconds. */
const tick = matchMedia('(prefers-reduced-motion: reduce)').matches ? 1_000 : 100;

const place = document.querySelector('#app');
if (place) {
  watchScheme();
  render(<App />, place);
  listenToKeys();
  connect();
  setInterval(() => {
    if (isFollowing.value && !document.hidden) now.value = Date.now();
  }, tick);
}
