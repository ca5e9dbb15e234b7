using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using PasswordSync.Core.Captures;
using Shouldly;

namespace PasswordSync.Chaos.Cluster;

/// <summary>
/// An older password came after a newer one (I3) only where nobody could keep it from that: the attempt that sent it was under way at a node that a test had stopped, or cut off from the
/// target, meanwhile. Each such attempt comes late once at most.
/// </summary>
internal static class LateArrivals
{
    // A process's sessions have one name; it is their own shards' owner that they note.
    private const string Attempts = """
        SELECT body, owner FROM passwordsync.event JOIN witness.written USING (identity_id, seq)
        JOIN (SELECT DISTINCT sessions, owner FROM witness.move WHERE owner IS NOT NULL) AS process USING (sessions)
        WHERE kind LIKE 'attempt-started.%'
        """;

    /// <summary>An attempt to write a password, from its record to its deadline.</summary>
    /// <param name="User">Whose.</param>
    /// <param name="Version">Which of his passwords.</param>
    /// <param name="Node">The node that made it.</param>
    /// <param name="Began">When it was decided.</param>
    /// <param name="Deadline">When it was to be over.</param>
    internal sealed record Attempt(string User, int Version, string Node, DateTimeOffset Began, DateTimeOffset Deadline);

    public static async Task AllHadAReasonAsync(ChaosDatabaseReader database, ChaosCluster cluster, CancellationToken cancellationToken)
    {
        var attempts = await database.ReadAsync(Attempts, row => Read(row.GetString(0), row.GetString(1), cluster.Edge.VersionOf), cancellationToken);
        Unexplained(cluster.Receiver.All, attempts, (node, began, deadline) => cluster.Node(node).Troubles.HeldUp(began, deadline)).ShouldBeEmpty("an older password comes after a newer one only where nobody could fence it off");
    }

    /// <summary>What came late more often than attempts explain.</summary>
    /// <param name="received">The versions of each user's passwords, as they came.</param>
    /// <param name="attempts">All that were made.</param>
    /// <param name="heldUp">Whether a node was, at any time between two moments, stopped or cut off from the target.</param>
    internal static List<string> Unexplained(IReadOnlyDictionary<string, ImmutableList<int>> received, IReadOnlyList<Attempt> attempts, Func<string, DateTimeOffset, DateTimeOffset, bool> heldUp) =>
    [
        .. from user in received
           from late in Late(user.Value).GroupBy(version => version)
           let explained = attempts.Count(attempt => attempt.User == user.Key && attempt.Version == late.Key && heldUp(attempt.Node, attempt.Began, attempt.Deadline))
           where late.Count() > explained
           select string.Create(CultureInfo.InvariantCulture, $"version {late.Key} of {user.Key} came {late.Count()} times after a newer one, of which {explained} attempts may be the reason: {string.Join(" ", user.Value)}"),
    ];

    private static IEnumerable<int> Late(ImmutableList<int> versions)
    {
        var newest = 0;
        foreach (var version in versions)
        {
            if (version < newest) yield return version;
            newest = Math.Max(newest, version);
        }
    }

    private static Attempt Read(string body, string node, Func<CaptureId, (string User, int Version)> versionOf)
    {
        using var document = JsonDocument.Parse(body);
        var started = document.RootElement;
        var (user, version) = versionOf(new CaptureId(started.GetProperty("captureId").GetGuid()));
        return new Attempt(user, version, node, started.GetProperty("at").GetDateTimeOffset(), started.GetProperty("attempt").GetProperty("deadline").GetDateTimeOffset());
    }
}
