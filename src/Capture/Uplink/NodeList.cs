using System.Collections.Immutable;

namespace PasswordSync.Capture.Uplink;

/// <summary>
/// The nodes that an edge may talk to: those configured, and those that answers told of. Begins with the node that answered last and goes round. For one
/// caller at a time, but for <see cref="Learn"/>.
/// </summary>
public sealed class NodeList
{
    /// <summary>How many nodes are remembered at most.</summary>
    public const int NodesMax = 100;

    private readonly ImmutableArray<Uri> configured;
    private ImmutableArray<Uri> nodes;
    private Uri? preferred;

    /// <param name="configured">The nodes of the configuration, at least one.</param>
    public NodeList(ImmutableArray<Uri> configured) => nodes = this.configured = configured;

    /// <summary>All nodes, in the order in which to try them now.</summary>
    public ImmutableArray<Uri> InOrder()
    {
        var known = nodes;
        var first = preferred is null ? -1 : known.IndexOf(preferred);
        return first <= 0 ? known : [.. known[first..], .. known[..first]];
    }

    /// <summary>The node answered: it comes first from now on.</summary>
    public void Prefer(Uri node) => preferred = node;

    /// <summary>Takes what an answer told of the cluster, in the order that it told; when other nodes are told of than before, the first of them comes first, whoever answered last. Addresses of another scheme than the configured ones are passed over. The configured nodes stay known, behind the others, for when all that was learned is gone.</summary>
    public void Learn(ImmutableArray<Uri> told)
    {
        if (told.IsDefaultOrEmpty) return;
        var usable = told.Where(node => node is { IsAbsoluteUri: true } && configured.Any(known => known.Scheme == node.Scheme));
        ImmutableArray<Uri> next = [.. usable.Take(Math.Max(0, NodesMax - configured.Length)).Concat(configured).Distinct()];
        if (next.SequenceEqual(nodes)) return;
        nodes = next;
        preferred = null;
    }
}
