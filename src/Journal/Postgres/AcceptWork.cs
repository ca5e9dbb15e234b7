using System.Collections.Immutable;
using Npgsql;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres.Engine;
using PasswordSync.Journal.Storing;
using static PasswordSync.Journal.Postgres.Engine.Parameters;

namespace PasswordSync.Journal.Postgres;

/// <summary>How an intake ended.</summary>
/// <param name="Answers">In the order of its arrivals.</param>
/// <param name="Shards">The shards of those that were accepted.</param>
internal readonly record struct Intake(ImmutableArray<AcceptResult> Answers, IReadOnlyCollection<int> Shards);

/// <summary>Accepts the arrivals of many intakes in one transaction and one round trip.</summary>
internal sealed class AcceptWork(PostgresStoreOptions options) : GroupWork<StoredArrival[], Intake>
{
    /// <summary>An account that nobody has seen gets an identity. In one order, so that two nodes never wait for each other.</summary>
    public const string MakeAccounts = """
        INSERT INTO account (source, object_guid, identity_id, shard_id)
        SELECT a.source, a.object_guid, a.identity_id, a.shard_id FROM unnest($1, $2, $3, $4) AS a (source, object_guid, identity_id, shard_id)
        WHERE NOT EXISTS (SELECT FROM account WHERE account.source = a.source AND account.object_guid = a.object_guid)
        ORDER BY a.source, a.object_guid ON CONFLICT (source, object_guid) DO NOTHING
        """;

    // A statement of its own, so that it sees the accounts that another node made meanwhile. "verdict" has, at the place of each arrival, its shard if it is accepted, else
    // -1. A secret that is there stays: a delivery may be using it.
    private const string Accept = """
        WITH arrival AS MATERIALIZED (
          SELECT a.*, account.identity_id, account.shard_id
          FROM unnest($1, $2, $3, $4, $5, $6) WITH ORDINALITY AS a (capture_id, source, object_guid, at, kind, body, place)
          CROSS JOIN LATERAL (SELECT identity_id, shard_id FROM account WHERE account.source = a.source AND account.object_guid = a.object_guid LIMIT 1) AS account
        ), fresh AS (
          INSERT INTO accepted (capture_id, shard_id, identity_id, at) SELECT capture_id, shard_id, identity_id, at FROM arrival ORDER BY capture_id
          ON CONFLICT (capture_id) DO NOTHING
          RETURNING capture_id
        ), verdict AS MATERIALIZED (
          SELECT array_agg(CASE WHEN (capture_id IN (SELECT fresh.capture_id FROM fresh)) THEN shard_id ELSE -1 END ORDER BY place) AS at FROM arrival
        ), owner AS MATERIALIZED (
          SELECT array_agg(identity_id ORDER BY place) AS at FROM arrival
        ), placed AS (
          INSERT INTO inbox (shard_id, identity_id, source, object_guid, capture_id, kind, body, at)
          SELECT shard_id, identity_id, source, object_guid, capture_id, kind, body, arrival.at FROM arrival, verdict WHERE verdict.at[place] >= 0 ORDER BY place
        ), kept AS (
          INSERT INTO secret (capture_id, shard_id, envelope, expires_at)
          SELECT s.capture_id, verdict.at[s.place], s.envelope, s.expires_at FROM unnest($7, $8, $9, $10) AS s (place, capture_id, envelope, expires_at), verdict
          WHERE verdict.at[s.place] >= 0 ORDER BY s.capture_id
          ON CONFLICT (capture_id) DO NOTHING
        ), further AS (
          INSERT INTO accepted (capture_id, shard_id, identity_id, at)
          SELECT f.capture_id, verdict.at[f.place], owner.at[f.place], ($4)[f.place] FROM unnest($11, $12) AS f (place, capture_id), verdict, owner
          WHERE verdict.at[f.place] >= 0 ORDER BY f.capture_id
          ON CONFLICT (capture_id) DO NOTHING
        )
        SELECT at FROM verdict
        """;

    public override int OperationsOf(StoredArrival[] item) => item.Length;

    public override object? KeyOf(StoredArrival[] item) => null;

    public override async Task<IReadOnlyList<Intake>> WriteAsync(NpgsqlConnection connection, IReadOnlyList<StoredArrival[]> items)
    {
        var rounds = Rounds([.. items.SelectMany(arrivals => arrivals)]);
        var batch = new NpgsqlBatch(connection);
        await using var disposing = batch.ConfigureAwait(false);
        batch.Add(MakeAccounts, AccountColumns(items.SelectMany(arrivals => arrivals).Select(arrival => arrival.Account)));
        foreach (var round in rounds) batch.Add(Accept, ArrivalColumns(round));
        var shards = new Dictionary<StoredArrival, int>(ReferenceEqualityComparer.Instance);
        var rows = await batch.ExecuteReaderAsync(CancellationToken.None).ConfigureAwait(false);
        await using (rows.ConfigureAwait(false))
        {
            // The making of accounts has no rows, so the reader begins with those of the first round.
            foreach (var round in rounds)
            {
                await rows.ReadAsync(CancellationToken.None).ConfigureAwait(false);
                var verdict = rows.GetFieldValue<int[]>(0);
                if (verdict.Length != round.Count) throw new InvalidOperationException($"Internal error: of {round.Count} arrivals, {verdict.Length} have an account.");
                for (var i = 0; i < round.Count; i++)
                {
                    if (verdict[i] >= 0) shards[round[i]] = verdict[i];
                }

                await rows.NextResultAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }

        // Who is answered "already have it" forgets the capture: then the commit of that time must be on the standby too. What was written now came after it.
        if (shards.Count == 0) await ReplicatedCommits.ConfirmAsync(connection, CancellationToken.None).ConfigureAwait(false);
        return [.. items.Select(arrivals => Answer(arrivals, shards))];
    }

    /// <summary>The columns of <see cref="MakeAccounts"/>.</summary>
    public NpgsqlParameter[] AccountColumns(IEnumerable<AccountId> accounts)
    {
        var different = accounts.Distinct().ToArray();
        var identities = Array.ConvertAll(different, _ => new IdentityId(options.NewIdentityValue()));
        return
        [
            Of(Array.ConvertAll(different, account => account.Source.Value)),
            Of(Array.ConvertAll(different, account => account.ObjectGuid)),
            Of(Array.ConvertAll(identities, identity => identity.Value)),
            Of(Array.ConvertAll(identities, identity => identity.Shard(options.ShardCount))),
        ];
    }

    // What one arrival makes known, a later one of the same transaction must find known: those that share an id go into different statements, in their order.
    private static List<List<StoredArrival>> Rounds(StoredArrival[] arrivals)
    {
        List<List<StoredArrival>> rounds = [[]];
        var ids = new HashSet<Guid>();
        foreach (var arrival in arrivals)
        {
            if (arrival.Ids.Any(ids.Contains))
            {
                rounds.Add([]);
                ids.Clear();
            }

            rounds[^1].Add(arrival);
            ids.UnionWith(arrival.Ids);
        }

        return rounds;
    }

    private static NpgsqlParameter[] ArrivalColumns(List<StoredArrival> arrivals)
    {
        var secrets = arrivals.SelectMany((arrival, i) => arrival.Secrets.Select(secret => (Arrival: arrival, Place: i + 1, Secret: secret))).ToArray();
        var further = Array.FindAll(secrets, entry => entry.Secret.CaptureId != entry.Arrival.CaptureId);
        return
        [
            Of(arrivals.ConvertAll(arrival => arrival.CaptureId)),
            Of(arrivals.ConvertAll(arrival => arrival.Account.Source.Value)),
            Of(arrivals.ConvertAll(arrival => arrival.Account.ObjectGuid)),
            Of(arrivals.ConvertAll(arrival => arrival.At)),
            Of(arrivals.ConvertAll(arrival => arrival.Record.Kind)),
            Of(arrivals.ConvertAll(arrival => arrival.Record.Body)),
            Of(Array.ConvertAll(secrets, entry => entry.Place)),
            Of(Array.ConvertAll(secrets, entry => entry.Secret.CaptureId)),
            Of(Array.ConvertAll(secrets, entry => entry.Secret.Envelope)),
            Of(Array.ConvertAll(secrets, entry => entry.Secret.ExpiresAt)),
            Of(Array.ConvertAll(further, entry => entry.Place)),
            Of(Array.ConvertAll(further, entry => entry.Secret.CaptureId)),
        ];
    }

    private static Intake Answer(StoredArrival[] arrivals, Dictionary<StoredArrival, int> shards) => new(
        [.. arrivals.Select(arrival => shards.ContainsKey(arrival) ? AcceptResult.Accepted : AcceptResult.AlreadyHave)],
        [.. arrivals.Where(shards.ContainsKey).Select(arrival => shards[arrival]).Distinct()]);
}
