using System.Globalization;
using System.Text.Json;
using PasswordSync.Core.Captures;
using Shouldly;

namespace PasswordSync.Chaos.Cluster;

/// <summary>
/// What the database itself notes while a test runs, in the transactions of the nodes: each change of a shard's owner or epoch, and each event with the epoch that its shard had and
/// the session that wrote it. Nothing is sampled, so nothing can be missed, and what was rolled back or lost is not there.
/// </summary>
internal static class Witness
{
    /// <summary>The triggers. Nodes know nothing of them.</summary>
    public const string Install = """
        CREATE SCHEMA witness;
        CREATE TABLE witness.move (
          number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, shard_id integer, former_epoch bigint, epoch bigint, former_owner text, former_incarnation uuid, owner text, incarnation uuid,
          sessions text, at timestamptz NOT NULL DEFAULT clock_timestamp());
        CREATE TABLE witness.written (identity_id uuid, seq bigint, shard_id integer, epoch bigint, incarnation uuid, sessions text, PRIMARY KEY (identity_id, seq));
        CREATE FUNCTION witness.note_move() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN
            INSERT INTO witness.move (shard_id, former_epoch, epoch, former_owner, former_incarnation, owner, incarnation, sessions)
            VALUES (NEW.shard_id, OLD.epoch, NEW.epoch, OLD.owner, OLD.incarnation, NEW.owner, NEW.incarnation, current_setting('application_name'));
            RETURN NULL;
          END $$;
        CREATE FUNCTION witness.note_events() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN
            INSERT INTO witness.written (identity_id, seq, shard_id, epoch, incarnation, sessions)
            SELECT added.identity_id, added.seq, added.shard_id, shard.epoch, shard.incarnation, current_setting('application_name')
            FROM added JOIN passwordsync.shard ON shard.shard_id = added.shard_id;
            RETURN NULL;
          END $$;
        BEGIN;
        LOCK TABLE passwordsync.shard;
        INSERT INTO witness.move (shard_id, former_epoch, epoch, owner, incarnation, sessions)
        SELECT shard_id, epoch, epoch, owner, shard.incarnation, (SELECT sessions FROM passwordsync.node WHERE node.incarnation = shard.incarnation) FROM passwordsync.shard;
        CREATE TRIGGER witness AFTER UPDATE ON passwordsync.shard FOR EACH ROW EXECUTE FUNCTION witness.note_move();
        CREATE TRIGGER witness AFTER INSERT ON passwordsync.event REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION witness.note_events();
        COMMIT;
        """;

    // An owner leaves a shard by giving it back, which keeps the epoch, or by being followed, which raises it by one. Nothing else ever happens to an epoch.
    private const string BrokenEpochs = """
        SELECT format('shard %s went from epoch %s of %s to epoch %s of %s', shard_id, former_epoch, coalesce(former_owner, 'nobody'), epoch, coalesce(owner, 'nobody'))
        FROM (SELECT *, lag(epoch) OVER (PARTITION BY shard_id ORDER BY number) AS last FROM witness.move) AS move
        WHERE (last IS NOT NULL AND former_epoch <> last) OR (last IS NOT NULL AND epoch <> former_epoch + CASE WHEN incarnation IS NULL OR incarnation = former_incarnation THEN 0 ELSE 1 END)
        UNION ALL
        SELECT format('epoch %s of shard %s had %s owners', epoch, shard_id, count(DISTINCT incarnation)) FROM witness.move WHERE incarnation IS NOT NULL GROUP BY shard_id, epoch HAVING count(DISTINCT incarnation) > 1
        """;

    // Whoever wrote an event is the process that took its shard under the epoch at which it was written, and every event there is was seen to be written.
    private const string ForeignEvents = """
        SELECT format('event %s of identity %s was written under epoch %s of shard %s by %s; the owner was %s', seq, identity_id, epoch, shard_id, written.sessions, coalesce(taken.owner || ' ' || taken.sessions, 'nobody'))
        FROM witness.written LEFT JOIN (SELECT shard_id, epoch, min(owner) AS owner, min(sessions) AS sessions FROM witness.move WHERE incarnation IS NOT NULL GROUP BY shard_id, epoch) AS taken USING (shard_id, epoch)
        WHERE written.incarnation IS NULL OR taken.sessions IS DISTINCT FROM written.sessions
        UNION ALL
        SELECT format('event %s of identity %s was not seen to be written', seq, identity_id) FROM passwordsync.event WHERE NOT EXISTS (SELECT FROM witness.written WHERE written.identity_id = event.identity_id AND written.seq = event.seq)
        """;

    private const string Attempts = """
        SELECT identity_id, kind, body, sessions FROM passwordsync.event JOIN witness.written USING (identity_id, seq) WHERE kind LIKE 'attempt-%' ORDER BY identity_id, seq
        """;

    private const string Decided = """
        SELECT coalesce(body::json #>> '{change,captureId}', body::json ->> 'captureId') FROM passwordsync.event WHERE kind LIKE 'capture-accepted.%' OR kind LIKE 'capture-ignored.%'
        """;

    /// <summary>Checks that each epoch of a shard had one owner, that epochs only grew, and that each event was written by the owner of its epoch.</summary>
    public static async Task EpochsHadOneOwnerAsync(ChaosDatabaseReader database, CancellationToken cancellationToken)
    {
        (await database.ReadAsync(BrokenEpochs, row => row.GetString(0), cancellationToken)).ShouldBeEmpty("no two owners of one shard in an epoch (I4)");
        (await database.ReadAsync(ForeignEvents, row => row.GetString(0), cancellationToken)).ShouldBeEmpty("only the owner of an epoch writes under it (I4)");
    }

    /// <summary>Checks that these captures were decided, each once, and no others.</summary>
    public static async Task DecidedOnceAsync(ChaosDatabaseReader database, IReadOnlyCollection<CaptureId> acknowledged, CancellationToken cancellationToken)
    {
        var decided = await database.ReadAsync(Decided, row => new CaptureId(Guid.Parse(row.GetString(0))), cancellationToken);
        decided.GroupBy(capture => capture).Where(same => same.Count() > 1).Select(same => same.Key).ShouldBeEmpty("no capture is decided twice (I6)");
        acknowledged.Except(decided).ShouldBeEmpty("each acknowledged capture is decided (I1)");
        decided.Except(acknowledged).ShouldBeEmpty("nothing is decided that nobody acknowledged");
    }

    /// <summary>
    /// Checks that of each identity one attempt was under way at a time, and that nobody but the process that began it said of one that it was over before its deadline had passed.
    /// </summary>
    public static async Task DeadlinesWereHeededAsync(ChaosDatabaseReader database, CancellationToken cancellationToken)
    {
        var underWay = new Dictionary<(Guid Identity, string Point), (Guid Attempt, DateTimeOffset Deadline, string Sessions)>();
        foreach (var (identity, kind, body, sessions) in await database.ReadAsync(Attempts, row => (row.GetGuid(0), row.GetString(1), row.GetString(2), row.GetString(3)), cancellationToken))
        {
            using var document = JsonDocument.Parse(body);
            var happened = document.RootElement;
            var key = (identity, happened.GetProperty("point").GetString()!);
            if (kind.StartsWith("attempt-started.", StringComparison.Ordinal))
            {
                var attempt = happened.GetProperty("attempt");
                underWay.TryAdd(key, (attempt.GetProperty("attemptId").GetGuid(), attempt.GetProperty("deadline").GetDateTimeOffset(), sessions)).ShouldBeTrue($"one attempt at a time (I3), which is not so of identity {identity}: {body}");
            }
            else
            {
                underWay.Remove(key, out var began).ShouldBeTrue($"an attempt of identity {identity} ended that did not begin: {body}");
                began.Attempt.ShouldBe(happened.GetProperty("attemptId").GetGuid());
                if (sessions != began.Sessions) happened.GetProperty("at").GetDateTimeOffset().ShouldBeGreaterThanOrEqualTo(began.Deadline, string.Create(CultureInfo.InvariantCulture, $"a new owner lets recorded deadlines pass (I3), which is not so of identity {identity}: {body}"));
            }
        }
    }
}
