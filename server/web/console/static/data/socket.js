/** Subscriptions over graphql-transport-ws. */
import { session } from "./session.js";

const LONGEST_WAIT = 10_000; // milliseconds until a lost connection is tried again

/**
 * Watch a subscription until it ends. A connection that is lost is opened again.
 *
 * @param {string} query
 * @param {Record<string, unknown>} variables
 * @param {(data: any) => void} onNext
 * @param {() => void} onEnd it has ended, or was refused
 * @returns {() => void} stops watching
 */
export function watch(query, variables, onNext, onEnd) {
  const address = new URL("graphql", document.baseURI);
  address.protocol = address.protocol.replace("http", "ws");
  let [over, wait, timer] = [false, 500, 0];
  /** @type {WebSocket} */
  let socket;

  function end() {
    over = true;
    clearTimeout(timer);
    socket.close();
  }

  function open() {
    socket = new WebSocket(address, "graphql-transport-ws");
    socket.onopen = () => send({ type: "connection_init", payload: session.headers });
    socket.onmessage = ({ data }) => receive(JSON.parse(data));
    socket.onclose = () => {
      if (over) return;
      timer = setTimeout(open, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    };
  }

  /** @param {object} message */
  function send(message) {
    socket.send(JSON.stringify(message));
  }

  /** @param {{ type: string, payload?: any }} message */
  function receive({ type, payload }) {
    switch (type) {
      case "connection_ack":
        return send({ id: "1", type: "subscribe", payload: { query, variables } });
      case "ping":
        return send({ type: "pong" });
      case "next":
        wait = 500;
        if (payload.data) return onNext(payload.data);
        break;
      case "error":
      case "complete":
        break;
      default:
        return undefined;
    }
    end();
    return onEnd();
  }

  open();
  return end;
}
