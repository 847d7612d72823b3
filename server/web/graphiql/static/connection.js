/** Where GraphiQL sends to: this very address, and the same one as a WebSocket for subscriptions. */
export const connection = {
  url: location.pathname,
  subscriptionUrl: new URL(location.pathname, location.origin.replace(/^http/, "ws")).href,
  enableIncrementalDelivery: false, // the server has none
};
