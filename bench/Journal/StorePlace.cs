using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Journal.Postgres;
using PasswordSync.Journal.Sqlite;
using PasswordSync.Lab;

namespace PasswordSync.Journal.Bench;

/// <summary>Where a measurement has a new store: a folder, or a schema of a server.</summary>
internal sealed class StorePlace(string folder, PostgresServer? server) : IDisposable
{
    public string Folder { get; } = Directory.CreateDirectory(Path.Combine(folder, $"journal-bench-{Guid.NewGuid():N}")).FullName;

    /// <summary>Npgsql's connection string of the server.</summary>
    public string ConnectionString => server?.ConnectionString ?? throw new InvalidOperationException("There is no server.");

    /// <summary>Opens a new store with the defaults of nodes.</summary>
    public async Task<IStore> OpenAsync()
    {
        if (server is null)
        {
            var sqlite = new SqliteStoreOptions { Path = Path.Combine(Folder, "store.db"), NodeName = "bench" };
            return await SqliteStore.OpenAsync(sqlite, TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
        }

        // No lease is kept while the load runs, so it must last.
        var postgres = new PostgresStoreOptions
        {
            ConnectionString = server.ConnectionStringWithoutPassword,
            Password = _ => ValueTask.FromResult(PostgresServer.AdministratorPassword),
            Schema = $"b{Guid.NewGuid():N}",
            NodeName = "bench",
            Expiry = PostgresStoreOptions.ExpiryMax,
        };
        return await PostgresStore.OpenAsync(postgres, TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
