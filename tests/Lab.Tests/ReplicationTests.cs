using Shouldly;
using Xunit;

namespace PasswordSync.Lab.Tests;

public sealed class ReplicationTests(LabServers servers)
{
    private static readonly SambaDomainOptions TwoControllers = new() { Controllers = 2 };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_change_at_either_controller_reaches_the_other()
    {
        var domain = await servers.DomainAsync(TwoControllers, Cancellation);
        foreach (var (index, controller) in domain.Controllers.Index())
        {
            var user = domain.Users[index];
            await controller.ChangePasswordAsync(PasswordChangeWay.LdapReplace, user, "", "Replicated.password.1", Cancellation);

            var stamp = await domain.WaitUntilReplicatedAsync(user, Cancellation);

            stamp.Version.ShouldBe(2u);
            stamp.InvocationId.ShouldBe(await controller.ReadInvocationIdAsync(Cancellation));
            foreach (var reader in domain.Controllers)
                (await reader.BindAsync(user, "Replicated.password.1", Cancellation)).Accepted.ShouldBeTrue();
        }
    }

    [Fact]
    public async Task While_replication_is_paused_each_controller_keeps_its_own_and_then_they_agree()
    {
        await using var domain = await SambaDomain.StartAsync(TwoControllers, Cancellation);
        var user = domain.Users[0];
        await using (await domain.PauseReplicationAsync(Cancellation))
        {
            foreach (var controller in domain.Controllers)
                (await controller.ChangePasswordAsync(PasswordChangeWay.LdapReplace, user, "", $"Set.at.{controller.Name}.1", Cancellation)).Accepted.ShouldBeTrue();
            await domain.Second.ChangePasswordAsync(PasswordChangeWay.LdapReplace, user, "", "Set.at.dc2.again.1", Cancellation);

            (await domain.First.ReadPasswordStampAsync(user, Cancellation))!.Version.ShouldBe(2u);
            (await domain.Second.ReadPasswordStampAsync(user, Cancellation))!.Version.ShouldBe(3u);
        }

        (await domain.WaitUntilReplicatedAsync(user, Cancellation)).Version.ShouldBe(3u);
        (await domain.First.BindAsync(user, "Set.at.dc2.again.1", Cancellation)).Accepted.ShouldBeTrue();
        (await domain.First.BindAsync(user, "Set.at.dc1.1", Cancellation)).Accepted.ShouldBeFalse();
    }

    [Fact]
    public async Task A_controller_that_was_down_catches_up_and_can_be_made_to_pull_at_once()
    {
        await using var domain = await SambaDomain.StartAsync(TwoControllers, Cancellation);
        var user = domain.Users[0];
        await domain.Second.StopAsync(Cancellation);
        await domain.First.ChangePasswordAsync(PasswordChangeWay.LdapReplace, user, "", "While.it.was.down.1", Cancellation);

        await domain.Second.StartAsync(Cancellation);
        await domain.Second.ReplicateFromAsync(domain.First, Cancellation);

        (await domain.Second.ReadPasswordStampAsync(user, Cancellation))!.Version.ShouldBe(2u);
        (await domain.Second.BindAsync(user, "While.it.was.down.1", Cancellation)).Accepted.ShouldBeTrue();
    }
}
