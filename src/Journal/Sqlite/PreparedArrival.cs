using PasswordSync.Core.Captures;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Formats;
using PasswordSync.Journal.Sqlite.Engine;

namespace PasswordSync.Journal.Sqlite;

/// <summary>An arrival in its stored form, made on the caller's thread: the writer's has only to write.</summary>
internal sealed class PreparedArrival
{
    private readonly byte[] captureId;
    private readonly AccountId account;
    private readonly StoredRecord record;
    private readonly long at;
    private readonly PreparedSecret[] secrets;

    public PreparedArrival(Arrival arrival)
    {
        captureId = arrival.Id.Value.ToColumn();
        account = arrival.Account;
        record = ArrivalCodec.Encode(arrival);
        at = arrival.AcceptedAt.ToColumn();
        secrets = arrival switch
        {
            Arrival.Confirmed a => [new PreparedSecret(a.Change, a.Envelope)],
            Arrival.Ambiguous a => [.. a.Candidates.Select(candidate => new PreparedSecret(candidate.Change, candidate.Envelope))],
            Arrival.Report => [],
            _ => throw new InvalidOperationException($"Internal error: unknown arrival {arrival.GetType().Name}."),
        };
    }

    /// <summary>Accepts it, inside a transaction.</summary>
    public AcceptResult Write(SqliteSession session, SqliteStoreOptions options)
    {
        if (session.Number("SELECT 1 FROM accepted WHERE capture_id = $1", captureId) is not null) return AcceptResult.AlreadyHave;
        var identity = SqliteAccountStore.FindOrMakeIdentity(session, account, options);
        var shard = identity.Shard(options.ShardCount);
        if (secrets.Length == 0) Remember(session, captureId, shard);
        foreach (var secret in secrets)
        {
            Remember(session, secret.CaptureId, shard);

            // One that is there stays: a delivery may be using it.
            session.Execute(
                "INSERT INTO secret (capture_id, shard_id, envelope, expires_at) VALUES ($1, $2, $3, $4) ON CONFLICT (capture_id) DO NOTHING",
                secret.CaptureId, shard, secret.Envelope, secret.ExpiresAt);
        }

        session.Execute(
            "INSERT INTO inbox (shard_id, identity_id, capture_id, kind, body, at) VALUES ($1, $2, $3, $4, $5, $6)",
            shard, identity.Value.ToColumn(), captureId, record.Kind, record.Body, at);
        return AcceptResult.Accepted;
    }

    private void Remember(SqliteSession session, byte[] capture, int shard) =>
        session.Execute("INSERT INTO accepted (capture_id, shard_id, at) VALUES ($1, $2, $3) ON CONFLICT (capture_id) DO NOTHING", capture, shard, at);

    private sealed class PreparedSecret(Change change, ReadOnlyMemory<byte> envelope)
    {
        public byte[] CaptureId { get; } = change.CaptureId.Value.ToColumn();

        public byte[] Envelope { get; } = envelope.ToArray();

        public long ExpiresAt { get; } = change.ExpiresAt.ToColumn();
    }
}
