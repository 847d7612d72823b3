/**
 * The fetcher with a memory: a subscription that has no value for its variable `id` is sent with the id of the batch that
 * was submitted last, so that nobody has to paste it. The browser's tab keeps it, also when the page is loaded again.
 */
const KEPT = "stockbatch:latest-batch";
const NONE_YET = "Submit a batch first, or set the variable id.";

export function withLatestBatch(fetcher) {
  return async (request, options) => {
    if (lacksId(request, options?.documentAST)) {
      const id = sessionStorage.getItem(KEPT);
      if (id === null) return { errors: [{ message: NONE_YET }] };
      return fetcher({ ...request, variables: { ...request.variables, id } }, options);
    }
    const answer = await fetcher(request, options);
    const submitted = answer?.data?.submitBatch?.id;
    if (submitted) sessionStorage.setItem(KEPT, submitted);
    return answer;
  };
}

function lacksId({ operationName, variables }, document) {
  const declaresId = document?.definitions.some(
    ({ operation, name, variableDefinitions }) =>
      operation === "subscription" &&
      name?.value === operationName &&
      variableDefinitions.some(({ variable }) => variable.name.value === "id"),
  );
  return declaresId && variables?.id == null;
}
