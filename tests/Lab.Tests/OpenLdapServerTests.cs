using Shouldly;
using Xunit;

namespace PasswordSync.Lab.Tests;

public sealed class OpenLdapServerTests(LabServers servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Users_bind_with_their_password_and_with_no_other()
    {
        var directory = await servers.DirectoryAsync(new OpenLdapOptions(), Cancellation);
        var user = directory.Users[0];

        (await directory.BindAsync(user, user.InitialPassword, Cancellation)).Accepted.ShouldBeTrue();
        (await directory.BindAsync(user, "wrong", Cancellation)).Accepted.ShouldBeFalse();
        (await directory.BindAsync(directory.SynchronisationName, OpenLdapServer.SynchronisationPassword, Cancellation)).Accepted.ShouldBeTrue();
    }

    [Fact]
    public async Task A_thousand_users_exist_at_once()
    {
        await using var directory = await OpenLdapServer.StartAsync(new OpenLdapOptions { Users = 1000, SynchronousWrites = false }, Cancellation);

        (await directory.BindAsync(directory.Users[999], "Init.Passw0rd.1000", Cancellation)).Accepted.ShouldBeTrue();
    }

    [Fact]
    public async Task A_stopped_or_frozen_server_comes_back_with_its_users()
    {
        await using var directory = await OpenLdapServer.StartAsync(new OpenLdapOptions(), Cancellation);
        var user = await directory.AddUserAsync("late", "Late.Passw0rd.1", Cancellation);
        await directory.StopAsync(Cancellation);
        directory.IsRunning.ShouldBeFalse();

        await directory.StartAsync(Cancellation);
        directory.Freeze();
        var waiting = directory.BindAsync(user, user.InitialPassword, Cancellation);
        directory.Thaw();

        (await waiting).Accepted.ShouldBeTrue();
    }

    [Fact]
    public async Task A_lasting_directory_is_found_again_and_runs_until_it_is_stopped()
    {
        using var folder = TemporaryFolder.Create("lasting");
        var started = await OpenLdapServer.StartLastingAsync(new OpenLdapOptions(), folder.FullPath, Cancellation);
        await started.DisposeAsync();

        await using var found = OpenLdapServer.Attach(folder.FullPath);
        found.IsRunning.ShouldBeTrue();
        (await found.BindAsync(found.Users[0], found.Users[0].InitialPassword, Cancellation)).Accepted.ShouldBeTrue();
        await found.StopAsync(Cancellation);
        found.IsRunning.ShouldBeFalse();
    }
}
