using System.Net;
using System.Net.NetworkInformation;
using Shouldly;
using Xunit;

namespace PasswordSync.Lab.Tests;

public sealed class VirtualNetworkTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 120_000)]
    public async Task A_switch_keeps_its_hardware_address_while_cables_come_and_go()
    {
        await using var network = await VirtualNetwork.CreateAsync(["one", "two"], Token);
        var (one, two) = (HardwareOf(network.AddressOn("one")), HardwareOf(network.AddressOn("two")));
        one.ShouldNotBe(two);

        // Addresses of cables are random: of so many, one is nearly always below any other.
        for (var number = 0; number < 4; number++)
        {
            var machine = await network.AddMachineAsync(Token);
            HardwareOf(network.AddressOn("one")).ShouldBe(one);
            await machine.CutAsync("one", Token);
            HardwareOf(network.AddressOn("one")).ShouldBe(one);
            await machine.MendAsync("one", Token);
        }

        (HardwareOf(network.AddressOn("one")), HardwareOf(network.AddressOn("two"))).ShouldBe((one, two));
    }

    private static PhysicalAddress HardwareOf(IPAddress address) =>
        NetworkInterface.GetAllNetworkInterfaces().Single(found => found.GetIPProperties().UnicastAddresses.Any(own => own.Address.Equals(address))).GetPhysicalAddress();
}
