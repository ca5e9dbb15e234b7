using System.Diagnostics.CodeAnalysis;
using Npgsql;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres.Engine;
using PasswordSync.Journal.Storing;

namespace PasswordSync.Journal.Postgres;

/// <summary>Writes many independent appends with one statement, which is one transaction and one round trip.</summary>
internal sealed class AppendWork : GroupWork<StoredAppend, AppendResult>
{
    // Each append has a place in the arrays. "want" are the different pairs of shard and epoch; their rows are locked against a change of owner, in the order of shards,
    // and seen as they are after the lock. "verdict" has the result of each place; 0 for appended, 1 for fenced, 2 for conflict as in AppendResult; what follows is written only where it is 0. No event can have come between the look at
    // the last sequence and the lock: the shard's owner alone appends, one connection for each shard; if two did nevertheless, the key of the events stops the later one.
    private const string Judging = """
        WITH held AS MATERIALIZED (
          SELECT want.place, shard.owner IS NOT NULL AND shard.epoch = want.epoch AS is_ours
          FROM unnest($1, $2) WITH ORDINALITY AS want (shard_id, epoch, place) JOIN shard USING (shard_id)
          ORDER BY shard.shard_id FOR SHARE OF shard
        ), ours AS MATERIALIZED (
          SELECT array_agg(is_ours ORDER BY place) AS at FROM held
        ), verdict AS MATERIALIZED (
          SELECT array_agg(
            CASE
              WHEN NOT ours.at[append.want] THEN 1
              WHEN append.before = (SELECT seq FROM event WHERE event.identity_id = append.identity_id ORDER BY seq DESC LIMIT 1) THEN 0
              WHEN append.before <> greatest(
                (SELECT seq FROM event WHERE event.identity_id = append.identity_id ORDER BY seq DESC LIMIT 1),
                (SELECT seq FROM snapshot WHERE snapshot.identity_id = append.identity_id),
                0) THEN 2
              ELSE 0
            END ORDER BY append.place) AS at
          FROM unnest($3, $4, $5) WITH ORDINALITY AS append (identity_id, want, before, place), ours
        )
        """;

    private const string Writing = """
        , events AS (
          INSERT INTO event (identity_id, seq, shard_id, kind, body, at)
          SELECT ($3)[e.place], e.seq, ($1)[($4)[e.place]], e.kind, e.body, e.at
          FROM unnest($6, $7, $8, $9, $10) AS e (place, seq, kind, body, at), verdict WHERE verdict.at[e.place] = 0
        ), decided AS (
          DELETE FROM inbox WHERE seq = ANY (ARRAY(SELECT d.seq FROM unnest($11, $12) AS d (place, seq), verdict WHERE verdict.at[d.place] = 0))
        ), woken AS (
          INSERT INTO pending (identity_id, shard_id, due_at)
          SELECT ($3)[w.place], ($1)[($4)[w.place]], w.due_at FROM unnest($13, $14) AS w (place, due_at), verdict WHERE verdict.at[w.place] = 0
          ON CONFLICT (identity_id) DO UPDATE SET due_at = excluded.due_at WHERE pending.due_at <> excluded.due_at
        ), asleep AS (
          DELETE FROM pending WHERE identity_id = ANY (ARRAY(SELECT ($3)[s.place] FROM unnest($15) AS s (place), verdict WHERE verdict.at[s.place] = 0))
        ), released AS (
          DELETE FROM secret WHERE capture_id = ANY (ARRAY(SELECT r.capture_id FROM unnest($16, $17) AS r (place, capture_id), verdict WHERE verdict.at[r.place] = 0))
        ), named AS (
          INSERT INTO known_name (name, identity_id)
          SELECT n.name, ($3)[n.place] FROM unnest($18, $19) AS n (place, name), verdict WHERE verdict.at[n.place] = 0 ON CONFLICT DO NOTHING
        )
        """;

    private const string WritingRare = """
        , states AS (
          INSERT INTO snapshot (identity_id, seq, shard_id, kind, body)
          SELECT ($3)[s.place], s.seq, ($1)[($4)[s.place]], s.kind, s.body FROM unnest($20, $21, $22, $23) AS s (place, seq, kind, body), verdict WHERE verdict.at[s.place] = 0
          ON CONFLICT (identity_id) DO UPDATE SET seq = excluded.seq, kind = excluded.kind, body = excluded.body WHERE excluded.seq > snapshot.seq
        ), forgotten AS (
          DELETE FROM event USING unnest($20, $24) AS f (place, last), verdict
          WHERE verdict.at[f.place] = 0 AND f.last > 0 AND event.identity_id = ($3)[f.place] AND event.seq <= f.last
        ), parked_now AS (
          INSERT INTO parked (identity_id, point, since)
          SELECT ($3)[p.place], p.point, p.since FROM unnest($25, $26, $27) AS p (place, point, since), verdict WHERE verdict.at[p.place] = 0 AND p.since >= 0
          ON CONFLICT (identity_id, point) DO UPDATE SET since = excluded.since
        ), parked_before AS (
          DELETE FROM parked USING unnest($25, $26, $27) AS p (place, point, since), verdict
          WHERE verdict.at[p.place] = 0 AND p.since < 0 AND parked.identity_id = ($3)[p.place] AND parked.point = p.point
        ), failing_now AS (
          INSERT INTO failing (identity_id, point, since)
          SELECT ($3)[f.place], f.point, f.since FROM unnest($28, $29, $30) AS f (place, point, since), verdict WHERE verdict.at[f.place] = 0 AND f.since >= 0
          ON CONFLICT (identity_id, point) DO UPDATE SET since = excluded.since WHERE failing.since <> excluded.since
        ), failing_before AS (
          DELETE FROM failing USING unnest($28, $29, $30) AS f (place, point, since), verdict
          WHERE verdict.at[f.place] = 0 AND f.since < 0 AND failing.identity_id = ($3)[f.place] AND failing.point = f.point
        ), missed_now AS (
          INSERT INTO missed (identity_id, point, since)
          SELECT ($3)[m.place], m.point, m.since FROM unnest($31, $32, $33) AS m (place, point, since), verdict WHERE verdict.at[m.place] = 0 AND m.since >= 0
          ON CONFLICT (identity_id, point) DO UPDATE SET since = excluded.since
        ), missed_before AS (
          DELETE FROM missed USING unnest($31, $32, $33) AS m (place, point, since), verdict
          WHERE verdict.at[m.place] = 0 AND m.since < 0 AND missed.identity_id = ($3)[m.place] AND missed.point = m.point
        ), unconfirmed_now AS (
          INSERT INTO unconfirmed (identity_id, seq, since)
          SELECT ($3)[u.place], u.seq, u.since FROM unnest($34, $35, $36) AS u (place, seq, since), verdict WHERE verdict.at[u.place] = 0
          ON CONFLICT (identity_id) DO UPDATE SET seq = excluded.seq, since = excluded.since
        )
        """;

    private const string Answering = " SELECT at FROM verdict";

    public override int OperationsOf(StoredAppend item) => 1;

    public override object? KeyOf(StoredAppend item) => item.Identity;

    // What one identity decided while a commit was under way is written together.
    public override bool TryJoin(StoredAppend earlier, StoredAppend later, [MaybeNullWhen(false)] out StoredAppend both)
    {
        both = earlier.TryJoin(later);
        return both is not null;
    }

    // The numbers of the events alone would not tell: another decision with as many may have been written in the place of the one before.
    public override Judgement<AppendResult>? Preclude(StoredAppend item) => item.FollowsNothingWritten ? new Judgement<AppendResult>(AppendResult.Conflict) : null;

    public override Judgement<AppendResult>? Judge(PostgresException trouble) =>
        trouble.SqlState == PostgresTrouble.UniqueViolation ? new Judgement<AppendResult>(AppendResult.Conflict) : null;

    public override async Task<IReadOnlyList<AppendResult>> WriteAsync(NpgsqlConnection connection, IReadOnlyList<StoredAppend> items)
    {
        var columns = new AppendColumns(items);
        var command = columns.HasRare
            ? connection.Command(Judging + Writing + WritingRare + Answering, columns.All)
            : connection.Command(Judging + Writing + Answering, columns.Usual);
        var verdicts = await command.ScalarAsync<int[]>(CancellationToken.None).ConfigureAwait(false)
            ?? throw new InvalidOperationException("Internal error: the appends were not judged.");
        var results = Array.ConvertAll(verdicts, verdict => (AppendResult)verdict);
        foreach (var (item, result) in items.Zip(results))
        {
            if (result == AppendResult.Appended) item.SetMarks();
        }

        return results;
    }
}
