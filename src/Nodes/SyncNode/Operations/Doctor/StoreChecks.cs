using System.Globalization;
using PasswordSync.Core.Ports;
using PasswordSync.Hosting.Doctor;
using PasswordSync.Journal;

namespace PasswordSync.SyncNode.Operations.Doctor;

/// <summary>The database: whether it answers and how fast, its clock, its replication.</summary>
/// <param name="store">The database.</param>
/// <param name="isStandbyRequired">Whether a synchronous standby must be there.</param>
/// <param name="machineClock">The clock of this machine.</param>
internal sealed class StoreChecks(IStore store, bool isStandbyRequired, TimeProvider machineClock)
{
    /// <summary>A database that takes longer for a simple question is warned of.</summary>
    private static readonly TimeSpan SlowAfter = TimeSpan.FromMilliseconds(250);

    public async Task<IEnumerable<Finding>> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            var examined = await store.ExamineAsync(cancellationToken).ConfigureAwait(false);
            var replication = store.Replication is { } known ? await known.LookAsync(cancellationToken).ConfigureAwait(false) : null;
            return Judge(examined, replication, isStandbyRequired, machineClock.GetUtcNow());
        }
        catch (StorageUnavailableException failure)
        {
            return [Finding.Bad("database", failure.Message, "See that the database runs and can be reached; nothing is accepted until then, and nothing is lost.")];
        }
    }

    /// <summary>What is to be said about a database.</summary>
    internal static IEnumerable<Finding> Judge(StoreExamination store, ReplicationFinding? replication, bool isStandbyRequired, DateTimeOffset now)
    {
        var found = string.Create(CultureInfo.InvariantCulture, $"{store.Kind} {store.Version} answers in {Math.Ceiling(store.Took.TotalMilliseconds)} ms.");
        yield return store.Took > SlowAfter ? Finding.Warning("database", found, "Look at its load and the way to it: each decision waits for it.") : Finding.Good("database", found);
        if (store.Clock is { } clock) yield return MachineChecks.Clock("database: clock", clock - now);
        if (replication is not null) yield return Judge(replication, isStandbyRequired);
    }

    private static Finding Judge(ReplicationFinding replication, bool isStandbyRequired)
    {
        const string what = "database: replication";
        const string remedy = "docs/operations/postgresql.md, \"High availability\".";
        return replication switch
        {
            ReplicationFinding.Synchronous good => Finding.Good(what, $"A commit is confirmed when one of {good.Standbys} standbys has it."),
            ReplicationFinding.Waiting waiting => Finding.Bad(what, $"Commits wait for a standby, and none is there: {waiting.Reason}", "Start a standby."),
            ReplicationFinding.Alone alone when isStandbyRequired || alone.Standbys > 0 => Finding.Bad(what, $"Commits are confirmed by one server alone: a fail-over loses acknowledged captures. {alone.Reason}", remedy),
            ReplicationFinding.Alone => Finding.Warning(what, "No server replicates from it: with its disk all that is not delivered is lost.", remedy),
            _ => throw new InvalidOperationException($"Internal error: unknown finding {replication.GetType().Name}."),
        };
    }
}
