"""The one place that maps GraphQL to the domain and back."""
