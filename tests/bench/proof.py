"""That a measurement measured what its row says: who carried the connections, and over which paths."""

import contextlib

# A proxy's gateway forwards nothing of the load; a few packets may be neighbours' business.
MOST_STRAY_PACKETS = 200
# Of the bytes on both paths, what the lesser one must have carried to count as used.
LEAST_SHARE = 0.1


class NotMeasured(Exception):
    pass


def _counters(namespace, *names):
    values = {}
    for line in namespace.output(["nstat", "-asz", *names]).splitlines():
        words = line.split()
        if words and words[0] in names:
            values[words[0]] = int(words[1])
    return [values[name] for name in names]


def _path_bytes(network):
    """Bytes received and sent on each of the client's paths."""
    devices = {}
    for line in network.client.output("cat /proc/net/dev").splitlines()[2:]:
        name, figures = line.split(":")
        figures = figures.split()
        devices[name.strip()] = int(figures[0]) + int(figures[8])
    return [devices[f"c{path}"] for path in range(network.paths)]


@contextlib.contextmanager
def carried_by(subject, network, paths=1):
    """Around a load: a proxy has accepted and dialled its connections, the kernel forwarded nothing; or the reverse."""
    names = ("TcpPassiveOpens", "TcpActiveOpens", "IpForwDatagrams")
    before, bytes_before = _counters(network.gateway, *names), _path_bytes(network)
    yield
    accepted, dialled, forwarded = [b - a for a, b in zip(before, _counters(network.gateway, *names))]
    if subject.pid is None and (accepted or not forwarded):
        raise NotMeasured(f"{accepted} connections ended at the gateway that was to forward them")
    if subject.pid is not None and (not accepted or not dialled or forwarded > MOST_STRAY_PACKETS):
        raise NotMeasured(f"{subject.name} accepted {accepted} connections and dialled {dialled}; "
                          f"{forwarded} packets went past it")
    used = [b - a for a, b in zip(bytes_before, _path_bytes(network))]
    shares = sorted((amount / sum(used) for amount in used), reverse=True)
    if sum(share >= LEAST_SHARE for share in shares) != paths:
        raise NotMeasured(f"{paths} paths were to be used; they carried {', '.join(f'{s:.0%}' for s in shares)}")
