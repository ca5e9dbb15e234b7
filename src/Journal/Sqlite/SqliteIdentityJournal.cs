using System.Runtime.CompilerServices;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Formats;
using PasswordSync.Journal.Sqlite.Engine;
using PasswordSync.Journal.Storing;

namespace PasswordSync.Journal.Sqlite;

/// <inheritdoc cref="IIdentityJournal"/>
internal sealed class SqliteIdentityJournal(SqliteEngine engine, SecretTraces traces) : IIdentityJournal
{
    /// <summary>How many events <see cref="ReadEventsAsync"/> reads at once.</summary>
    private const int PageMax = 256;

    public ValueTask<IdentityState> LoadAsync(IdentityId identity, CancellationToken cancellationToken) =>
        engine.ReadAsync(session => session.AtOneMoment(moment => Load(moment, identity)), cancellationToken);

    public ValueTask<AppendResult> AppendAsync(JournalAppend append, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(append);
        var prepared = StoredAppend.Of(append, engine.Options);
        return engine.WriteAsync(session => prepared.Write(session, traces), cancellationToken);
    }

    public async IAsyncEnumerable<JournalledEvent> ReadEventsAsync(
        IdentityId identity, long fromSequence, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var next = fromSequence;
        while (true)
        {
            var from = next;
            var page = await engine.ReadAsync(session => ReadPage(session, identity, from), cancellationToken).ConfigureAwait(false);
            foreach (var journalled in page) yield return journalled;
            if (page.Count < PageMax) yield break;
            next = page[^1].Sequence + 1;
        }
    }

    private static IdentityState Load(SqliteSession session, IdentityId identity)
    {
        var id = identity.Value.ToColumn();
        var records = new List<(long Sequence, StoredRecord Record)>();
        using (var snapshot = session.Query("SELECT kind, body FROM snapshot WHERE identity_id = $1", id))
        {
            if (snapshot.Read()) records.Add((Replay.Snapshot, new StoredRecord(snapshot.GetString(0), snapshot.GetString(1))));
        }

        using var rows = session.Query(
            """
            SELECT seq, kind, body FROM event WHERE identity_id = $1 AND seq > coalesce((SELECT seq FROM snapshot WHERE identity_id = $1), 0) ORDER BY seq
            """,
            id);
        while (rows.Read()) records.Add((rows.GetInt64(0), new StoredRecord(rows.GetString(1), rows.GetString(2))));
        return Replay.Fold(identity, records);
    }

    private static List<JournalledEvent> ReadPage(SqliteSession session, IdentityId identity, long from)
    {
        var page = new List<JournalledEvent>();
        using var rows = session.Query(
            "SELECT seq, kind, body FROM event WHERE identity_id = $1 AND seq >= $2 ORDER BY seq LIMIT $3", identity.Value.ToColumn(), from, PageMax);
        while (rows.Read()) page.Add(new JournalledEvent(rows.GetInt64(0), EventCodec.Decode(new StoredRecord(rows.GetString(1), rows.GetString(2)))));
        return page;
    }
}
