"""Convex's public HTTP protocol, so that its clients can call what GraphQL offers.

https://docs.convex.dev/http-api describes it. What that page leaves open was found out with the npm
package `convex` 1.48.
"""
