using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using PasswordSync.Core.Operations;
using PasswordSync.Core.Ports;

namespace PasswordSync.SyncNode.Operations.Cluster;

/// <summary><c>cluster tail</c></summary>
internal sealed class ClusterTail(OperationServices services) : Operation
{
    /// <summary>How often it is looked.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);

    private static readonly ImmutableArray<ColumnDescription> TailColumns = [Column.Time("at"), Column.Text("node"), Column.Text("event"), Column.Text("detail")];

    public override CommandDescription Description { get; } = Show(
        "cluster", "tail", "Streams what happens in the cluster: first how every node stands, then who comes, goes, falls silent and wakes up, and how shards move; until Ctrl-C or -n rows.", "cluster tail", "cluster tail -n 10 > events.txt")
        with
    { Streams = true, Columns = TailColumns, Parameters = [Parameter.Number] };

    public override Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken) =>
        Task.FromResult<OperationResult>(new OperationResult.Streaming(ReadAsync(call.Text("number") is null ? int.MaxValue : call.Number("number"), cancellationToken)));

    /// <summary>What changed between two looks; at the first, how all stand.</summary>
    internal static IEnumerable<(string Node, string Event, string Detail)> Changes(ImmutableArray<ClusterMember> before, ImmutableArray<ClusterMember> now)
    {
        foreach (var member in now)
        {
            var name = member.Node.Name;
            var known = before.FirstOrDefault(other => other.Node.Name == name);
            if (known is null || known.Node.Incarnation != member.Node.Incarnation || StandOf(known) != StandOf(member))
            {
                var isNew = known is not null && known.Node.Incarnation != member.Node.Incarnation;
                yield return (name, isNew ? "started" : StandOf(member), $"{MemberTable.AddressOf(member)}, {member.Description.Version}, {Shards(member.Shards)}");
            }
            else if (known.Shards != member.Shards)
            {
                yield return (name, "shards", $"{Shards(member.Shards)}, {known.Shards} before");
            }
        }

        foreach (var gone in before.Where(known => now.All(member => member.Node.Name != known.Node.Name))) yield return (gone.Node.Name, "left", "");
    }

    private static string StandOf(ClusterMember member) => member.HasLeft ? "left" : member.IsAlive ? "up" : "unreachable";

    private static string Shards(int count) => count == 1 ? "1 shard" : $"{count} shards";

    private async IAsyncEnumerable<ImmutableArray<object?>> ReadAsync(int limit, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var known = ImmutableArray<ClusterMember>.Empty;
        var (count, isAway) = (0, false);
        while (true)
        {
            var (now, trouble) = await LookAsync(cancellationToken).ConfigureAwait(false);
            var changes = trouble is null ? Changes(known, now) : isAway ? [] : [("", "database away", trouble)];
            if (trouble is null) known = now;
            isAway = trouble is not null;
            foreach (var (node, happened, detail) in changes)
            {
                yield return Column.Row(services.Now, node, happened, detail);
                if (++count == limit) yield break;
            }

            await Task.Delay(LookInterval, services.Clock, cancellationToken).ConfigureAwait(false);
        }
    }

    // A database that is away is what an operator wants to see here, and no reason to end.
    private async Task<(ImmutableArray<ClusterMember> Members, string? Trouble)> LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await services.Store.Members.ListAsync(cancellationToken).ConfigureAwait(false), null);
        }
        catch (StorageUnavailableException failure)
        {
            return ([], failure.Message);
        }
    }
}
