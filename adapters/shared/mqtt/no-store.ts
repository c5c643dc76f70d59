import mqtt from 'mqtt';

/** Keeps no copies of what is unacknowledged: they are for a connection after this one, and a link has none. */
export class NoStore extends mqtt.Store {
  override put(...[, done]: Parameters<mqtt.Store['put']>): this {
    done();
    return this;
  }

  override del(...[, done]: Parameters<mqtt.Store['del']>): this {
    done();
    return this;
  }
}
