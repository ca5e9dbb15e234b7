using Shouldly;
using Xunit;

namespace PasswordSync.Lab.Tests;

public sealed class PasswordChangeTests(LabServers servers)
{
    private const string Replacement = "Ein.neues€Wort.1";
    private static readonly SambaDomainOptions Options = new() { Users = 20 };

    public static TheoryData<PasswordChangeWay> Ways => new(Enum.GetValues<PasswordChangeWay>());

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Ways))]
    public async Task Each_way_sets_the_password_and_raises_the_version_by_one(PasswordChangeWay way)
    {
        var domain = await servers.DomainAsync(Options, Cancellation);
        var user = domain.Users[(int)way];
        var before = await domain.First.ReadPasswordStampAsync(user, Cancellation);

        var result = await domain.First.ChangePasswordAsync(way, user, user.InitialPassword, Replacement, Cancellation);

        result.Accepted.ShouldBeTrue(result.Diagnostics);
        (await domain.First.BindAsync(user, Replacement, Cancellation)).Accepted.ShouldBeTrue();
        (await domain.First.BindAsync(user, user.InitialPassword, Cancellation)).Accepted.ShouldBeFalse();
        var after = await domain.First.ReadPasswordStampAsync(user, Cancellation);
        after!.Version.ShouldBe(before!.Version + 1);
        after.InvocationId.ShouldBe(await domain.First.ReadInvocationIdAsync(Cancellation));
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task A_refused_change_by_any_way_leaves_password_and_version(PasswordChangeWay way)
    {
        var domain = await servers.DomainAsync(Options, Cancellation);
        var user = domain.Users[10 + (int)way];
        var before = await domain.First.ReadPasswordStampAsync(user, Cancellation);

        var result = await domain.First.ChangePasswordAsync(way, user, user.InitialPassword, "Short1", Cancellation);

        result.Accepted.ShouldBeFalse();
        result.Diagnostics.ShouldNotBeEmpty();
        (await domain.First.BindAsync(user, user.InitialPassword, Cancellation)).Accepted.ShouldBeTrue();
        (await domain.First.ReadPasswordStampAsync(user, Cancellation)).ShouldBe(before);
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task Several_changes_at_once_by_any_way_all_succeed(PasswordChangeWay way)
    {
        var domain = await servers.DomainAsync(Options, Cancellation);
        var users = await Task.WhenAll(Enumerable.Range(1, 3).Select(number => domain.AddUserAsync($"{way}{number}", "Init.Passw0rd.6", Cancellation)));

        var results = await Task.WhenAll(
            users.Select(user => domain.First.ChangePasswordAsync(way, user, user.InitialPassword, Replacement, Cancellation)));

        results.ShouldAllBe(result => result.Accepted);
    }

    [Theory]
    [InlineData(PasswordChangeWay.LdapReplace)]
    [InlineData(PasswordChangeWay.LdapDeleteAndAdd)]
    [InlineData(PasswordChangeWay.SambaTool)]
    public async Task A_password_of_256_characters_outside_the_basic_plane_works(PasswordChangeWay way)
    {
        var domain = await servers.DomainAsync(Options, Cancellation);
        var user = await domain.AddUserAsync($"long{(int)way}", "Init.Passw0rd.long", Cancellation);
        var replacement = string.Concat("Aa1", string.Concat(Enumerable.Repeat("\U0001F511", 126)), "e");

        var result = await domain.First.ChangePasswordAsync(way, user, user.InitialPassword, replacement, Cancellation);

        replacement.Length.ShouldBe(256);
        result.Accepted.ShouldBeTrue(result.Diagnostics);
        (await domain.First.BindAsync(user, replacement, Cancellation)).Accepted.ShouldBeTrue();
    }
}
