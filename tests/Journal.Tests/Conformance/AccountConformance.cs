using System.Collections.Immutable;
using PasswordSync.Core.Decisions;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Conformance;

/// <summary>Accounts: intents and written stamps, by which echoes are told.</summary>
public abstract class AccountConformance : StoreConformance
{
    [Fact]
    public async Task Account_that_nobody_saw_has_no_identity_and_an_intent_makes_it_known()
    {
        await using var subject = await OpenAsync();
        var account = Samples.NewAccount();
        (await subject.Store.Accounts.FindIdentityAsync(account, CancellationToken.None)).ShouldBeNull();

        await subject.Store.Accounts.OpenIntentAsync(account, Guid.NewGuid(), Samples.Start.AddSeconds(20), CancellationToken.None);

        var identity = await subject.Store.Accounts.FindIdentityAsync(account, CancellationToken.None);
        identity.ShouldNotBeNull();
        await subject.Store.Inbox.AcceptAsync([Samples.Arrive(Samples.ChangeOf(account, version: 1))], CancellationToken.None);
        (await subject.Store.Accounts.FindIdentityAsync(account, CancellationToken.None)).ShouldBe(identity);
    }

    [Fact]
    public async Task Open_intent_and_written_stamp_are_read_with_every_row_of_the_account()
    {
        await using var subject = await OpenAsync();
        var account = Samples.NewAccount();
        var attempt = Guid.NewGuid();
        await subject.Store.Inbox.AcceptAsync([Samples.Arrive(Samples.ChangeOf(account, version: 9))], CancellationToken.None);
        (await OwnWritesAsync(subject.Store)).ShouldBe(OwnWrites.None);

        await subject.Store.Accounts.OpenIntentAsync(account, attempt, Samples.Start.AddSeconds(20), CancellationToken.None);
        await subject.ReopenAsync(new StoreSettings());
        (await OwnWritesAsync(subject.Store)).ShouldBe(new OwnWrites(Samples.Start.AddSeconds(20), null));

        var origin = new ChangeOrigin(Samples.NewAccount(), Samples.StampOf(3_999_999_999));
        await subject.Store.Accounts.CloseIntentAsync(account, attempt, Samples.StampOf(4_000_000_000), origin, CancellationToken.None);
        await subject.ReopenAsync(new StoreSettings());
        (await OwnWritesAsync(subject.Store)).ShouldBe(new OwnWrites(null, Samples.StampOf(4_000_000_000)) { Origin = origin });
        (await subject.Store.Accounts.ReadOwnWritesAsync(account, CancellationToken.None)).ShouldBe(new OwnWrites(null, Samples.StampOf(4_000_000_000)) { Origin = origin });
        (await subject.Store.Accounts.ReadOwnWritesAsync(Samples.NewAccount(), CancellationToken.None)).ShouldBe(OwnWrites.None);
    }

    [Fact]
    public async Task Later_intent_takes_the_place_of_an_earlier_one_and_is_not_closed_by_its_end()
    {
        await using var subject = await OpenAsync();
        var account = Samples.NewAccount();
        var (early, late) = (Guid.NewGuid(), Guid.NewGuid());
        await subject.Store.Inbox.AcceptAsync([Samples.Arrive(Samples.ChangeOf(account, version: 9))], CancellationToken.None);
        await subject.Store.Accounts.OpenIntentAsync(account, early, Samples.Start.AddSeconds(20), CancellationToken.None);
        await subject.Store.Accounts.OpenIntentAsync(account, late, Samples.Start.AddSeconds(50), CancellationToken.None);

        await subject.Store.Accounts.CloseIntentAsync(account, early, Samples.StampOf(3), origin: null, CancellationToken.None);
        (await OwnWritesAsync(subject.Store)).ShouldBe(new OwnWrites(Samples.Start.AddSeconds(50), Samples.StampOf(3)));
        await subject.Store.Accounts.CloseIntentAsync(account, late, written: null, origin: null, CancellationToken.None);
        (await OwnWritesAsync(subject.Store)).ShouldBe(new OwnWrites(null, Samples.StampOf(3)));
    }

    [Fact]
    public async Task Last_written_stamp_never_goes_back_by_the_order_of_stamps()
    {
        await using var subject = await OpenAsync();
        var account = Samples.NewAccount();
        await subject.Store.Inbox.AcceptAsync([Samples.Arrive(Samples.ChangeOf(account, version: 9))], CancellationToken.None);

        await subject.Store.Accounts.CloseIntentAsync(account, Guid.NewGuid(), Samples.StampOf(uint.MaxValue), origin: null, CancellationToken.None);
        await subject.Store.Accounts.CloseIntentAsync(account, Guid.NewGuid(), Samples.StampOf(uint.MaxValue - 1), origin: null, CancellationToken.None);
        (await OwnWritesAsync(subject.Store)).LastWrittenStamp.ShouldBe(Samples.StampOf(uint.MaxValue));
        await subject.Store.Accounts.CloseIntentAsync(account, Guid.NewGuid(), Samples.StampOf(0), origin: null, CancellationToken.None);
        (await OwnWritesAsync(subject.Store)).LastWrittenStamp.ShouldBe(Samples.StampOf(0), "the version wraps from its greatest to 0");
    }

    private static async Task<OwnWrites> OwnWritesAsync(IStore store) =>
        (await store.Inbox.ReadAsync([.. Enumerable.Range(0, store.Leases.ShardCount)], ImmutableHashSet<long>.Empty, limit: 10, CancellationToken.None)).Single().OwnWrites;
}
