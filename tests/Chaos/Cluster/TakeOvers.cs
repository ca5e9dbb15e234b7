using System.Globalization;
using Shouldly;

namespace PasswordSync.Chaos.Cluster;

/// <summary>No node that lives is taken for dead: who took a shard from a node that had not given it back did so because a test had killed, stopped or cut off that node.</summary>
internal static class TakeOvers
{
    /// <summary>How long a node that goes on may need to its next heartbeat.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(4);

    private const string Taken = """
        SELECT former_owner, former_incarnation, owner, at, shard_id, epoch, (SELECT min(at) FROM witness.move AS first WHERE first.incarnation = move.former_incarnation)
        FROM witness.move WHERE former_incarnation IS NOT NULL AND incarnation IS NOT NULL AND former_incarnation <> incarnation AND former_owner <> owner
        """;

    public static async Task AllHadAReasonAsync(ChaosDatabaseReader database, IReadOnlyList<ChaosNode> nodes, CancellationToken cancellationToken)
    {
        var taken = await database.ReadAsync(
            Taken, row => (From: row.GetString(0), By: row.GetString(2), At: row.GetFieldValue<DateTimeOffset>(3), Shard: row.GetInt32(4), Epoch: row.GetInt64(5), FirstSeen: row.GetFieldValue<DateTimeOffset>(6)), cancellationToken);
        taken.Where(shard => nodes.SingleOrDefault(node => node.Name == shard.From)?.Troubles.Explain(shard.At, shard.FirstSeen, Grace) != true)
            .Select(shard => string.Create(CultureInfo.InvariantCulture, $"{shard.By} took shard {shard.Shard} from {shard.From} at {shard.At:O}, under epoch {shard.Epoch}"))
            .ShouldBeEmpty("no node that lives is taken for dead");
    }
}
