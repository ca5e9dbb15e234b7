using Npgsql;
using PasswordSync.Journal.Postgres.Engine;
using static PasswordSync.Journal.Postgres.Engine.Parameters;

namespace PasswordSync.Journal.Postgres;

/// <summary>A claim that an identity makes to a target account.</summary>
internal readonly record struct TargetClaim(string Point, string TargetKey, Guid Identity);

/// <summary>Makes many claims with one statement; who holds each, and nobody where another node's claim came between its two looks.</summary>
internal sealed class ClaimWork : GroupWork<TargetClaim, Guid>
{
    // Nearly always it is claimed already: then nothing is written. In one order, so that two nodes never wait for each other.
    private const string Claim = """
        WITH wanted AS MATERIALIZED (
          SELECT w.*, (SELECT c.identity_id FROM target_claim AS c WHERE c.point = w.point AND c.target_key = w.target_key) AS holder
          FROM unnest($1, $2, $3) WITH ORDINALITY AS w (point, target_key, identity_id, place)
        ), added AS (
          INSERT INTO target_claim (point, target_key, identity_id) SELECT point, target_key, identity_id FROM wanted WHERE holder IS NULL ORDER BY point, target_key
          ON CONFLICT (point, target_key) DO NOTHING
          RETURNING point, target_key
        )
        SELECT array_agg(
          CASE WHEN holder IS NOT NULL THEN holder WHEN ((point, target_key) IN (SELECT point, target_key FROM added)) THEN identity_id ELSE $4 END
          ORDER BY place) FROM wanted
        """;

    public override int OperationsOf(TargetClaim item) => 1;

    // Of two claims to one account in a statement, both would find nobody.
    public override object? KeyOf(TargetClaim item) => (item.Point, item.TargetKey);

    public override async Task<IReadOnlyList<Guid>> WriteAsync(NpgsqlConnection connection, IReadOnlyList<TargetClaim> items)
    {
        var holders = await connection.Command(
            Claim, Of(items.Select(claim => claim.Point).ToArray()), Of(items.Select(claim => claim.TargetKey).ToArray()), Of(items.Select(claim => claim.Identity).ToArray()), Of(Guid.Empty))
            .ScalarAsync<Guid[]>(CancellationToken.None).ConfigureAwait(false);
        return holders ?? throw new InvalidOperationException("Internal error: the claims were not judged.");
    }
}
