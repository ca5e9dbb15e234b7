namespace PasswordSync.Journal.Tests.Conformance;

/// <summary>
/// What every implementation of the ports must pass. Written against the ports alone: an implementation derives one class from each suite and says how it
/// is opened on data of its own.
/// </summary>
public abstract class StoreConformance
{
    /// <summary>Opens a new, empty store with 256 shards.</summary>
    protected abstract Task<IStoreUnderTest> OpenAsync(StoreSettings settings);

    protected Task<IStoreUnderTest> OpenAsync() => OpenAsync(new StoreSettings());
}
