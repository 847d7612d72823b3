"""Convex's public HTTP protocol, so that its clients can call what GraphQL offers.

https://docs.convex.dev/http-api says what it is; what it leaves open was found with the npm package
`convex` 1.48.
"""
