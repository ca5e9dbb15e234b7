using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Stamps;
using PasswordSync.Lab;
using PasswordSync.Providers.ActiveDirectory;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Directories;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.ActiveDirectory;

/// <summary>What a write to a domain that is itself a source tells, for echoes, against what the domain controller shows to the lab.</summary>
public sealed class ActiveDirectoryStampTests(LabServers servers)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_write_reports_the_stamp_that_it_caused_and_the_account_of_the_source()
    {
        var domain = await DomainAsync();
        await using var target = new SambaConformanceTarget(domain, DirectorySecurity.Ldaps);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var found = await FindAsync(target.Provider, names);

        var set = await SetAsync(target.Provider, found, "N3w.Passw0rd!");

        var delivered = set.ShouldBeOfType<DeliveryOutcome.Delivered>();
        var seen = (await domain.First.ReadPasswordStampAsync(names.DistinguishedName, Token)).ShouldNotBeNull();
        delivered.WrittenStamp.ShouldBe(new Stamp(Generation: 7, seen.Version, seen.OriginatingSecond, seen.InvocationId));
        seen.Version.ShouldBe(2u);
        delivered.Mark.ShouldBe(new TargetMark($"{seen.Version}@{seen.OriginatingSecond}/{seen.InvocationId}"));
        var guid = new Guid((await domain.First.ReadAttributeAsync(names.DistinguishedName, "objectGUID", Token)).Single());
        found.Target.ShouldBe(new TargetAccount(guid.ToString("D"), names.DistinguishedName, new AccountId(new SourceId("beta"), guid)));
    }

    [Fact]
    public async Task A_domain_that_is_no_source_reports_no_stamp()
    {
        await using var target = new SambaConformanceTarget(await DomainAsync(), DirectorySecurity.Ldaps);
        await using var provider = SambaConformanceTarget.Make(target.Options with { Source = null });
        var found = await FindAsync(provider, await target.AddAsync("F0rmer.Passw0rd!", Token));

        var delivered = (await SetAsync(provider, found, "N3w.Passw0rd!")).ShouldBeOfType<DeliveryOutcome.Delivered>();

        delivered.WrittenStamp.ShouldBeNull();
        delivered.Mark.ShouldNotBeNull();
        found.Target.AsSourceAccount.ShouldBeNull();
        provider.Description.ReportsWrittenStamp.ShouldBeFalse();
    }

    [Fact]
    public async Task A_write_after_somebody_elses_still_reports_its_own_stamp()
    {
        var domain = await DomainAsync();
        await using var target = new SambaConformanceTarget(domain, DirectorySecurity.Ldaps);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var found = await FindAsync(target.Provider, names);
        await target.SetBehindTheBackAsync(names, "0ther.Passw0rd!", Token);

        var delivered = (await SetAsync(target.Provider, found, "N3w.Passw0rd!")).ShouldBeOfType<DeliveryOutcome.Delivered>();

        delivered.WrittenStamp!.Value.Version.ShouldBe(3u);
    }

    [Fact]
    public async Task A_probe_that_finds_our_lost_write_reports_its_stamp_if_nobody_else_wrote()
    {
        await using var target = new SambaConformanceTarget(await DomainAsync(), DirectorySecurity.Ldaps);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var before = await FindAsync(target.Provider, names);
        var delivered = (await SetAsync(target.Provider, before, "N3w.Passw0rd!")).ShouldBeOfType<DeliveryOutcome.Delivered>();
        using var password = Any.Secret("N3w.Passw0rd!");

        var once = await target.Provider.ProbeAsync(new ProbeRequest(before.Target, AttemptKind.Write, before.Mark), password, Token);
        once.ShouldBe(new ProbeVerdict.Present(delivered.Mark, delivered.WrittenStamp));

        var again = (await SetAsync(target.Provider, before, "N3w.Passw0rd!")).ShouldBeOfType<DeliveryOutcome.Delivered>();
        var twice = await target.Provider.ProbeAsync(new ProbeRequest(before.Target, AttemptKind.Write, before.Mark), password, Token);
        twice.ShouldBe(new ProbeVerdict.Present(again.Mark, WrittenStamp: null));

        var recheck = await target.Provider.ProbeAsync(new ProbeRequest(before.Target, AttemptKind.Recheck, again.Mark), password, Token);
        recheck.ShouldBe(new ProbeVerdict.Present(again.Mark, again.WrittenStamp));
    }

    [Theory]
    [InlineData(1u, 2u, true)]
    [InlineData(1u, 3u, false)]
    [InlineData(2u, 2u, false)]
    [InlineData(0xFFFF_FFFFu, 0u, true)]
    public void The_next_version_is_one_more_also_where_it_wraps(uint before, uint after, bool isNext) =>
        new PasswordVersion(after, 0, Guid.Empty).IsNextAfter(new PasswordVersion(before, 0, Guid.Empty)).ShouldBe(isNext);

    [Fact]
    public void The_first_version_follows_none() => new PasswordVersion(1, 0, Guid.Empty).IsNextAfter(null).ShouldBeTrue();

    [Theory]
    [InlineData("")]
    [InlineData("2@13439781841")]
    [InlineData("x@13439781841/ff98dee8-f7d9-4e1c-bb7e-c3d317cb15e0")]
    [InlineData("2@13439781841/ff98dee8f7d94e1cbb7ec3d317cb15e0")]
    public void A_mark_of_another_form_is_none(string mark) => PasswordVersion.FromMark(new TargetMark(mark)).ShouldBeNull();

    private Task<SambaDomain> DomainAsync() => servers.DomainAsync(new SambaDomainOptions(), Token);

    private static async Task<Preparation.Found> FindAsync(IProvider provider, AccountNames names) =>
        (await provider.PrepareAsync(Any.Query(names), Token)).ShouldBeOfType<Preparation.Found>();

    private static async Task<DeliveryOutcome> SetAsync(IProvider provider, Preparation.Found found, string text)
    {
        using var password = Any.Secret(text);
        return await provider.SetPasswordAsync(Any.Set(found.Target, found.Mark, TimeProvider.System), password, Token);
    }
}
