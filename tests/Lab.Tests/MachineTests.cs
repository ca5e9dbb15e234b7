using System.Net.Sockets;
using Shouldly;
using Xunit;

namespace PasswordSync.Lab.Tests;

public sealed class MachineTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void A_missing_tool_is_reported_with_its_package_and_the_script_that_installs_it()
    {
        Action look = () => LabMachine.PathOf(new LabTool("no-such-tool", "its-package"));

        look.ShouldThrow<LabEnvironmentException>().Message.ShouldSatisfyAllConditions(
            message => message.ShouldContain("'no-such-tool' is missing"),
            message => message.ShouldContain("'its-package'"),
            message => message.ShouldContain("./test.sh"));
    }

    [Fact]
    public async Task A_silent_server_accepts_and_says_nothing()
    {
        await using var server = new SilentTcpServer();
        using var client = new TcpClient();
        await client.ConnectAsync(server.EndPoint, Cancellation);
        await client.GetStream().WriteAsync("Hello?"u8.ToArray(), Cancellation);
        await Eventually.HoldsAsync("the connection to be accepted", TimeSpan.FromMinutes(1), _ => Task.FromResult(server.Accepted == 1), Cancellation);

        client.GetStream().DataAvailable.ShouldBeFalse();
    }

    [Fact]
    public void Addresses_are_given_to_one_holder_at_a_time()
    {
        var leases = Enumerable.Range(0, 50).Select(_ => LoopbackAddress.Lease()).ToList();

        leases.Select(lease => lease.Address).Distinct().Count().ShouldBe(50);
        foreach (var lease in leases) lease.Dispose();
    }

    [Fact]
    public void A_temporary_folder_is_gone_when_it_is_disposed()
    {
        string path;
        using (var folder = TemporaryFolder.Create("gone"))
        {
            path = folder.FullPath;
            File.WriteAllText(folder.PathOf("file"), "text");
        }

        Directory.Exists(path).ShouldBeFalse();
    }
}
