"""Compiled operations: a text that comes again is run by a plan made for it, without graphql-core.

A plan handles only the clean case. At the first surprise the stock executor takes over: before the
resolver was called with the whole request, after it with the outcome of the resolver. So the wording
and the places of all errors are graphql-core's own.

**Where a check of the caller belongs.** Strawberry's extensions run for a text that is new, and not
for one that has a plan. What must see every request (access, admission, a rate) belongs in the web
view, at the top of `Schema.execute`, or in the resolver, which plans call too.
"""
