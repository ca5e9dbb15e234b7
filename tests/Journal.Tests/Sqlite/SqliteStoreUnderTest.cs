using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Journal.Sqlite;
using PasswordSync.Journal.Sqlite.Engine;
using PasswordSync.Journal.Tests.Conformance;

namespace PasswordSync.Journal.Tests.Sqlite;

/// <summary>A SQLite store in a folder of its own, removed at the end.</summary>
internal sealed class SqliteStoreUnderTest : IStoreUnderTest
{
    private SqliteStore? store;

    private SqliteStoreUnderTest(string folder) => Folder = folder;

    public string Folder { get; }

    public string DatabasePath => Path.Combine(Folder, "store.db");

    public IStore Store => Sqlite;

    public SqliteStore Sqlite => store ?? throw new InvalidOperationException("The store is closed.");

    public ManualClock Time { get; } = new(Samples.Start);

    /// <summary>Called at each stage of a commit; may throw in the database's place.</summary>
    public Action<CommitStage> Interpose { get; set; } = _ => { };

    private ILoggerFactory Logging { get; init; } = NullLoggerFactory.Instance;

    public static async Task<SqliteStoreUnderTest> OpenAsync(StoreSettings? settings = null, ILoggerFactory? logging = null)
    {
        var made = new SqliteStoreUnderTest(Directory.CreateTempSubdirectory("journal-tests-").FullName) { Logging = logging ?? NullLoggerFactory.Instance };
        await made.ReopenAsync(settings ?? new StoreSettings());
        return made;
    }

    public SqliteStoreOptions OptionsOf(StoreSettings settings) => new()
    {
        Path = DatabasePath,
        NodeName = "node-1",
        SnapshotEvery = settings.SnapshotEvery,
        EventsKeptMax = settings.EventsKeptMax,
        EventsKeptFor = settings.EventsKeptFor,
        AcceptedKeptFor = settings.AcceptedKeptFor,
        NewIdentityValue = settings.NewIdentityValue,
        BusyTimeout = TimeSpan.FromSeconds(1),
    };

    public Task ReopenAsync(StoreSettings settings) => ReopenAsync(OptionsOf(settings));

    public async Task ReopenAsync(SqliteStoreOptions options)
    {
        await CloseAsync();
        store = await SqliteStore.OpenAsync(options, stage => Interpose(stage), Time, Logging, CancellationToken.None);
    }

    public Task RewriteInboxAsync(long sequence, string kind, string body) =>
        Sqlite.RunAsync($"UPDATE inbox SET kind = '{kind}', body = '{body}' WHERE seq = {sequence}", CancellationToken.None).AsTask();

    public Task RewriteEventAsync(long position, string kind, string body) =>
        Sqlite.RunAsync($"UPDATE event SET kind = '{kind}', body = '{body}' WHERE event_id = {position}", CancellationToken.None).AsTask();

    public async Task CloseAsync()
    {
        if (store is not null) await store.DisposeAsync();
        store = null;
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
