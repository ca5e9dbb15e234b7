using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Journal.Postgres;
using PasswordSync.Journal.Tests.Conformance;
using PasswordSync.Lab;

namespace PasswordSync.Journal.Tests.Postgres;

/// <summary>A PostgreSQL store in a schema of its own.</summary>
internal sealed class PostgresStoreUnderTest : IStoreUnderTest
{
    private PostgresStore? store;

    private PostgresStoreUnderTest(PostgresServer server) => Server = server;

    public PostgresServer Server { get; }

    public string Schema { get; } = $"t{Guid.NewGuid():N}";

    public IStore Store => Postgres;

    public PostgresStore Postgres => store ?? throw new InvalidOperationException("The store is closed.");

    public ManualClock Time { get; } = new(Samples.Start);

    private ILoggerFactory Logging { get; init; } = NullLoggerFactory.Instance;

    public static async Task<PostgresStoreUnderTest> OpenAsync(LabServers servers, StoreSettings? settings = null, ILoggerFactory? logging = null)
    {
        var made = new PostgresStoreUnderTest(await servers.PostgresAsync(CancellationToken.None)) { Logging = logging ?? NullLoggerFactory.Instance };
        await made.ReopenAsync(settings ?? new StoreSettings());
        return made;
    }

    public PostgresStoreOptions OptionsOf(StoreSettings settings) => new PostgresStoreOptions
    {
        ConnectionString = Server.ConnectionStringWithoutPassword,
        Password = _ => ValueTask.FromResult(PostgresServer.AdministratorPassword),
        Schema = Schema,
        NodeName = "node-1",
        SnapshotEvery = settings.SnapshotEvery,
        EventsKeptMax = settings.EventsKeptMax,
        EventsKeptFor = settings.EventsKeptFor,
        AcceptedKeptFor = settings.AcceptedKeptFor,
        NewIdentityValue = settings.NewIdentityValue,
    }.Patient();

    public Task ReopenAsync(StoreSettings settings) => ReopenAsync(OptionsOf(settings));

    public async Task ReopenAsync(PostgresStoreOptions options)
    {
        await CloseAsync();
        store = await PostgresStore.OpenAsync(options, Time, Logging, CancellationToken.None);
    }

    public Task RewriteInboxAsync(long sequence, string kind, string body) =>
        Server.RunSqlAsync($"UPDATE {Schema}.inbox SET kind = '{kind}', body = '{body}' WHERE seq = {sequence}", CancellationToken.None);

    public Task RewriteEventAsync(long position, string kind, string body) =>
        Server.RunSqlAsync($"UPDATE {Schema}.event SET kind = '{kind}', body = '{body}' WHERE event_id = {position}", CancellationToken.None);

    public async Task CloseAsync()
    {
        if (store is not null) await store.DisposeAsync();
        store = null;
    }

    public async ValueTask DisposeAsync() => await CloseAsync();
}
