using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres;
using PasswordSync.Journal.Sqlite;
using PasswordSync.Lab;

namespace PasswordSync.Journal.Bench;

/// <summary>Where a measurement has a new store: a folder, or a schema of a server.</summary>
internal sealed class StorePlace(string folder, PostgresServer? server) : IDisposable
{
    private const int OpenTriesMax = 20;

    public string Folder { get; } = Directory.CreateDirectory(Path.Combine(folder, $"journal-bench-{Guid.NewGuid():N}")).FullName;

    /// <summary>The server; null for SQLite.</summary>
    public PostgresServer? Server { get; } = server;

    /// <summary>The schema of the store in the server's database.</summary>
    public string Schema { get; } = $"b{Guid.NewGuid():N}";

    /// <summary>Npgsql's connection string of the server.</summary>
    public string ConnectionString => Server?.ConnectionString ?? throw new InvalidOperationException("There is no server.");

    /// <summary>Opens a new store with the defaults of nodes.</summary>
    public async Task<IStore> OpenAsync()
    {
        if (Server is null)
        {
            var sqlite = new SqliteStoreOptions { Path = Path.Combine(Folder, "store.db"), NodeName = "bench" };
            return await SqliteStore.OpenAsync(sqlite, TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
        }

        // No lease is kept while the load runs, so it must last.
        return await OpenAsync(Options(Server.ConnectionStringWithoutPassword, Schema, "bench") with { Expiry = PostgresStoreOptions.ExpiryMax });
    }

    /// <summary>Opens a store that several nodes share. A node that gets little of the machine keeps its shards for longer than by default.</summary>
    public static async Task<IStore> OpenSharedAsync(string connectionString, string schema, string node) => await OpenAsync(Options(connectionString, schema, node) with { Expiry = TimeSpan.FromSeconds(30) });

    private static PostgresStoreOptions Options(string connectionString, string schema, string node) =>
        new() { ConnectionString = connectionString, Password = _ => ValueTask.FromResult(PostgresServer.AdministratorPassword), Schema = schema, NodeName = node };

    private static async Task<IStore> OpenAsync(PostgresStoreOptions options)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await PostgresStore.OpenAsync(options, TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
            }
            catch (StorageUnavailableException) when (tries < OpenTriesMax)
            {
                // A machine that does much else lets a connection wait for longer than nodes do.
            }
        }
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
