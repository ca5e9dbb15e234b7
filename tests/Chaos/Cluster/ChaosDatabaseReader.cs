using System.Collections.Immutable;
using Npgsql;
using PasswordSync.Lab;

namespace PasswordSync.Chaos.Cluster;

/// <summary>Asks the database of a cluster, whichever of its servers takes writes. What is asked while it is away, or too busy to answer, is asked again.</summary>
internal sealed class ChaosDatabaseReader : IAsyncDisposable
{
    private readonly NpgsqlDataSource database;

    public ChaosDatabaseReader(ImmutableArray<int> ports)
    {
        var hosts = new NpgsqlConnectionStringBuilder
        {
            Host = string.Join(',', ports.Select(port => $"127.0.0.1:{port}")),
            Database = PostgresServer.Database,
            Username = PostgresServer.Administrator,
            Password = PostgresServer.AdministratorPassword,
            Timeout = 5,
            CommandTimeout = 10,
            HostRecheckSeconds = 1,
        };
        database = new NpgsqlDataSourceBuilder(hosts.ConnectionString).BuildMultiHost().WithTargetSession(TargetSessionAttributes.ReadWrite);
    }

    /// <summary>The rows.</summary>
    public async Task<List<T>> ReadAsync<T>(string sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        List<T>? rows = null;
        await Eventually.HoldsAsync("an answer of the database", ChaosCluster.Bound, async token => (rows = await TryReadAsync(sql, read, token)) is not null, cancellationToken);
        return rows!;
    }

    /// <summary>Runs statements once, which fail if the database is away.</summary>
    public async Task RunAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();

    // Null while the database is away.
    private async Task<List<T>?> TryReadAsync<T>(string sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        try
        {
            await using var command = database.CreateCommand(sql);
            await using var rows = await command.ExecuteReaderAsync(cancellationToken);
            var found = new List<T>();
            while (await rows.ReadAsync(cancellationToken)) found.Add(read(rows));
            return found;
        }
        catch (NpgsqlException failure) when (failure is not PostgresException { SqlState: ['4', '2', ..] })
        {
            return null;
        }
    }
}
