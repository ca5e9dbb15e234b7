using PasswordSync.Core.Ports;
using PasswordSync.Journal.Sqlite.Engine;
using PasswordSync.Journal.Storing;

namespace PasswordSync.Journal.Sqlite;

/// <inheritdoc cref="IConfigurationVersions"/>
internal sealed class SqliteConfigurationVersions(SqliteEngine engine) : IConfigurationVersions
{
    public ValueTask<long> PublishAsync(string body, DateTimeOffset at, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(body);
        return engine.WriteAsync(session => Publish(session, body, at), cancellationToken);
    }

    public ValueTask<string?> FindAsync(DateTimeOffset at, CancellationToken cancellationToken) => engine.ReadAsync(session => Find(session, at), cancellationToken);

    private static string? Find(SqliteSession session, DateTimeOffset at)
    {
        using var rows = session.Query("SELECT body FROM config WHERE at <= $1 ORDER BY version DESC LIMIT 1", at.ToColumn());
        return rows.Read() ? rows.GetString(0) : null;
    }

    private static long Publish(SqliteSession session, string body, DateTimeOffset at) =>
        session.Number("SELECT version FROM (SELECT version, body FROM config ORDER BY version DESC LIMIT 1) WHERE body = $1", body)
        ?? session.Number("INSERT INTO config (body, at) VALUES ($1, $2) RETURNING version", body, at.ToColumn())
        ?? throw new InvalidOperationException("Internal error: a new configuration has no version.");
}
