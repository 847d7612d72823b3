"""Read what Prometheus reads."""

from prometheus_client.parser import text_string_to_metric_families

Sample = tuple[str, tuple[tuple[str, str], ...]]
_OF_THE_PROCESS = ("process_", "python_", "stockbatch_build")


def samples(exposition: bytes | str) -> dict[Sample, float]:
    """Return every sample with its labels in order."""
    text = exposition.decode() if isinstance(exposition, bytes) else exposition
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def counted(exposition: bytes | str) -> dict[Sample, float]:
    """Return the samples of our own metrics that are not 0."""
    return {
        sample: value
        for sample, value in samples(exposition).items()
        if value and not sample[0].startswith(_OF_THE_PROCESS)
    }


def family(exposition: bytes | str, name: str) -> dict[tuple[str, ...], float]:
    """Return the samples of one name that are not 0, by the values of their labels."""
    return {
        tuple(value for _, value in labels): value
        for (found, labels), value in counted(exposition).items()
        if found == name
    }


def names(exposition: bytes | str) -> set[str]:
    """Return the names of our metrics, as `# TYPE` gives them."""
    text = exposition.decode() if isinstance(exposition, bytes) else exposition
    words = (line.split() for line in text.splitlines() if line.startswith("# TYPE "))
    return {word[2] for word in words}
