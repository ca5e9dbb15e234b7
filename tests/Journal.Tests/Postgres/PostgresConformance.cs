using PasswordSync.Journal.Tests.Conformance;
using PasswordSync.Lab;

namespace PasswordSync.Journal.Tests.Postgres;

public sealed class PostgresJournalTests(LabServers servers) : JournalConformance
{
    protected override async Task<IStoreUnderTest> OpenAsync(StoreSettings settings) => await PostgresStoreUnderTest.OpenAsync(servers, settings);
}

public sealed class PostgresRetentionTests(LabServers servers) : RetentionConformance
{
    protected override async Task<IStoreUnderTest> OpenAsync(StoreSettings settings) => await PostgresStoreUnderTest.OpenAsync(servers, settings);
}

public sealed class PostgresInboxTests(LabServers servers) : InboxConformance
{
    protected override async Task<IStoreUnderTest> OpenAsync(StoreSettings settings) => await PostgresStoreUnderTest.OpenAsync(servers, settings);
}

public sealed class PostgresLateRepeatTests(LabServers servers) : LateRepeatConformance
{
    protected override async Task<IStoreUnderTest> OpenAsync(StoreSettings settings) => await PostgresStoreUnderTest.OpenAsync(servers, settings);
}

public sealed class PostgresAccountTests(LabServers servers) : AccountConformance
{
    protected override async Task<IStoreUnderTest> OpenAsync(StoreSettings settings) => await PostgresStoreUnderTest.OpenAsync(servers, settings);
}

public sealed class PostgresLeaseTests(LabServers servers) : LeaseConformance
{
    protected override async Task<IStoreUnderTest> OpenAsync(StoreSettings settings) => await PostgresStoreUnderTest.OpenAsync(servers, settings);
}

public sealed class PostgresSmallStoresTests(LabServers servers) : SmallStoresConformance
{
    protected override async Task<IStoreUnderTest> OpenAsync(StoreSettings settings) => await PostgresStoreUnderTest.OpenAsync(servers, settings);
}

public sealed class PostgresAdministrationTests(LabServers servers) : AdministrationConformance
{
    protected override async Task<IStoreUnderTest> OpenAsync(StoreSettings settings) => await PostgresStoreUnderTest.OpenAsync(servers, settings);
}

public sealed class PostgresOperationsTests(LabServers servers) : OperationsConformance
{
    protected override async Task<IStoreUnderTest> OpenAsync(StoreSettings settings) => await PostgresStoreUnderTest.OpenAsync(servers, settings);
}

public sealed class PostgresTroublesTests(LabServers servers) : TroublesConformance
{
    protected override async Task<IStoreUnderTest> OpenAsync(StoreSettings settings) => await PostgresStoreUnderTest.OpenAsync(servers, settings);
}

public sealed class PostgresFollowingTests(LabServers servers) : FollowingConformance
{
    protected override async Task<IStoreUnderTest> OpenAsync(StoreSettings settings) => await PostgresStoreUnderTest.OpenAsync(servers, settings);
}
