using PasswordSync.Journal.Tests.Conformance;

namespace PasswordSync.Journal.Tests.Sqlite;

public sealed class SqliteJournalTests : JournalConformance
{
    protected override async Task<IStoreUnderTest> OpenAsync(StoreSettings settings) => await SqliteStoreUnderTest.OpenAsync(settings);
}

public sealed class SqliteRetentionTests : RetentionConformance
{
    protected override async Task<IStoreUnderTest> OpenAsync(StoreSettings settings) => await SqliteStoreUnderTest.OpenAsync(settings);
}

public sealed class SqliteInboxTests : InboxConformance
{
    protected override async Task<IStoreUnderTest> OpenAsync(StoreSettings settings) => await SqliteStoreUnderTest.OpenAsync(settings);
}

public sealed class SqliteLateRepeatTests : LateRepeatConformance
{
    protected override async Task<IStoreUnderTest> OpenAsync(StoreSettings settings) => await SqliteStoreUnderTest.OpenAsync(settings);
}

public sealed class SqliteAccountTests : AccountConformance
{
    protected override async Task<IStoreUnderTest> OpenAsync(StoreSettings settings) => await SqliteStoreUnderTest.OpenAsync(settings);
}

public sealed class SqliteLeaseTests : LeaseConformance
{
    protected override async Task<IStoreUnderTest> OpenAsync(StoreSettings settings) => await SqliteStoreUnderTest.OpenAsync(settings);
}

public sealed class SqliteSmallStoresTests : SmallStoresConformance
{
    protected override async Task<IStoreUnderTest> OpenAsync(StoreSettings settings) => await SqliteStoreUnderTest.OpenAsync(settings);
}

public sealed class SqliteAdministrationTests : AdministrationConformance
{
    protected override async Task<IStoreUnderTest> OpenAsync(StoreSettings settings) => await SqliteStoreUnderTest.OpenAsync(settings);
}

public sealed class SqliteOperationsTests : OperationsConformance
{
    protected override async Task<IStoreUnderTest> OpenAsync(StoreSettings settings) => await SqliteStoreUnderTest.OpenAsync(settings);
}

public sealed class SqliteTroublesTests : TroublesConformance
{
    protected override async Task<IStoreUnderTest> OpenAsync(StoreSettings settings) => await SqliteStoreUnderTest.OpenAsync(settings);
}

public sealed class SqliteFollowingTests : FollowingConformance
{
    protected override async Task<IStoreUnderTest> OpenAsync(StoreSettings settings) => await SqliteStoreUnderTest.OpenAsync(settings);
}
