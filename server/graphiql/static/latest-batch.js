/**
 * The fetcher with a memory: a subscription without the variable `id` is sent with the id of the batch that was submitted
 * last, so that nobody has to paste it.
 */
export function withLatestBatch(fetcher) {
  let id;

  return async (request, options) => {
    const sent = id && isSubscription(request, options?.documentAST)
      ? { ...request, variables: { id, ...request.variables } }
      : request;
    const answer = await fetcher(sent, options);
    id = answer?.data?.submitBatch?.id ?? id;
    return answer;
  };
}

function isSubscription({ operationName }, document) {
  return document?.definitions.some(
    ({ operation, name }) => operation === "subscription" && name?.value === operationName,
  );
}
