using PasswordSync.Journal.Tests.Conformance;

namespace PasswordSync.Journal.Tests.Sqlite;

public sealed class SqliteLateRepeatTests : LateRepeatConformance
{
    protected override async Task<IStoreUnderTest> OpenAsync(StoreSettings settings) => await SqliteStoreUnderTest.OpenAsync(settings);
}
