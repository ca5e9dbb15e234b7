using System.Globalization;
using System.Net;

namespace PasswordSync.Lab;

/// <summary>
/// Switches and machines that exist in the kernel alone: a switch is a bridge, on which the test and its servers have the first address; a machine is a network namespace with a
/// cable to each switch. A cable that is cut swallows everything in both directions and tells nobody, as behind a switch that lost its power.
/// </summary>
public sealed class VirtualNetwork : IAsyncDisposable
{
    private const int NetworksMax = 64;
    private const int SwitchesMax = 4;

    private readonly FileStream lease;
    private readonly int number;
    private readonly IReadOnlyList<string> switches;
    private readonly List<VirtualMachine> machines = [];

    private VirtualNetwork(FileStream lease, int number, IReadOnlyList<string> switches)
    {
        this.lease = lease;
        this.number = number;
        this.switches = switches;
    }

    private string Prefix => string.Create(CultureInfo.InvariantCulture, $"pslab{number}");

    /// <summary>Makes a network. It ends with this object; one of a process that died is removed by the next that takes its number.</summary>
    /// <param name="switches">The switches' names, at most four.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="LabNotSupportedException">Not Linux, or no right to make networks here: the calling test is skipped.</exception>
    public static async Task<VirtualNetwork> CreateAsync(IReadOnlyList<string> switches, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(switches.Count, SwitchesMax);
        LabMachine.Require(LabTool.Ip, LabTool.EnterNamespace);
        var network = Lease(switches);
        try
        {
            await network.SweepAsync(cancellationToken);
            for (var index = 0; index < switches.Count; index++) await network.AddSwitchAsync(index, cancellationToken);
            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    /// <summary>The test's own address on a switch, which is also that of every server it starts outside of the machines.</summary>
    public IPAddress AddressOn(string name) => AddressOf(name, host: 1);

    /// <summary>Adds a machine with a cable to each switch.</summary>
    public async Task<VirtualMachine> AddMachineAsync(CancellationToken cancellationToken)
    {
        var machine = new VirtualMachine(this, machines.Count + 1, string.Create(CultureInfo.InvariantCulture, $"{Prefix}m{machines.Count + 1}"));
        machines.Add(machine);
        await RunAsync(cancellationToken, "netns", "add", machine.Namespace);
        await InAsync(machine, cancellationToken, "link", "set", "lo", "up");
        foreach (var name in switches)
        {
            var (here, there) = (CableOf(machine, name), $"to{IndexOf(name)}");
            await RunAsync(cancellationToken, "link", "add", here, "type", "veth", "peer", "name", there, "netns", machine.Namespace);
            await RunAsync(cancellationToken, "link", "set", here, "master", BridgeOf(name), "up");
            await InAsync(machine, cancellationToken, "address", "add", $"{machine.AddressOn(name)}/24", "dev", there);
            await InAsync(machine, cancellationToken, "link", "set", there, "up");
        }

        return machine;
    }

    public async ValueTask DisposeAsync()
    {
        await SweepAsync(CancellationToken.None);
        await lease.DisposeAsync();
    }

    internal IPAddress AddressOf(string name, int host) => new([10, 213, (byte)((number * SwitchesMax) + IndexOf(name)), (byte)host]);

    // Taken off the bridge, the cable's end is up and goes nowhere.
    internal Task CutAsync(VirtualMachine machine, string name, CancellationToken cancellationToken) => RunAsync(cancellationToken, "link", "set", CableOf(machine, name), "nomaster");

    internal Task MendAsync(VirtualMachine machine, string name, CancellationToken cancellationToken) => RunAsync(cancellationToken, "link", "set", CableOf(machine, name), "master", BridgeOf(name));

    private static VirtualNetwork Lease(IReadOnlyList<string> switches)
    {
        var folder = Path.Combine(LabMachine.RootFolder, "networks");
        Directory.CreateDirectory(folder);
        for (var number = 0; number < NetworksMax; number++)
        {
            try
            {
                return new VirtualNetwork(new FileStream(Path.Combine(folder, $"{number}"), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None), number, switches);
            }
            catch (IOException)
            {
                // Another process has this one.
            }
        }

        throw new LabEnvironmentException($"All {NetworksMax} networks of the lab are in use (lock files in '{folder}').");
    }

    private async Task AddSwitchAsync(int index, CancellationToken cancellationToken)
    {
        // Without a hardware address of its own a bridge takes over that of one of its cables, and another one's as soon as cables come and go: whoever had asked for the former one
        // then sends to nobody, for as long as a minute. Locally administered, as the second bit of the first byte says.
        string[] add = ["link", "add", BridgeOf(switches[index]), "address", string.Create(CultureInfo.InvariantCulture, $"02:00:00:00:{number:x2}:{index:x2}"), "type", "bridge"];
        var added = await new ToolRun(LabMachine.PathOf(LabTool.Ip), add).RunAsync(cancellationToken);
        if (added.Errors.Contains("not permitted", StringComparison.Ordinal) || added.Errors.Contains("not supported", StringComparison.Ordinal))
            throw new LabNotSupportedException($"This machine lets nobody make networks: {added.Errors.Trim()}");
        added.RequireSuccess();
        await RunAsync(cancellationToken, "address", "add", $"{AddressOn(switches[index])}/24", "dev", BridgeOf(switches[index]));
        await RunAsync(cancellationToken, "link", "set", BridgeOf(switches[index]), "up");
    }

    // Everything that bears this number, by whomever it was made. A namespace that is deleted lives on while a connection in it still tries to end, and with it its cables: so these are deleted first.
    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        foreach (var name in await ListAsync(["-brief", "link", "show", "type", "veth"], $"{Prefix}m", cancellationToken))
        {
            // One that ends with its namespace at this moment is gone all the same.
            _ = await new ToolRun(LabMachine.PathOf(LabTool.Ip), ["link", "delete", name]).RunAsync(cancellationToken);
        }

        foreach (var name in await ListAsync(["-brief", "netns", "list"], $"{Prefix}m", cancellationToken)) await RunAsync(cancellationToken, "netns", "delete", name);
        foreach (var name in await ListAsync(["-brief", "link", "show", "type", "bridge"], $"{Prefix}s", cancellationToken)) await RunAsync(cancellationToken, "link", "delete", name);
    }

    private static async Task<string[]> ListAsync(string[] arguments, string prefix, CancellationToken cancellationToken)
    {
        var listed = (await new ToolRun(LabMachine.PathOf(LabTool.Ip), arguments).RunAsync(cancellationToken)).RequireSuccess().Output;
        return [.. listed.Split('\n').Select(line => line.Split(' ', '@')[0]).Where(name => name.StartsWith(prefix, StringComparison.Ordinal))];
    }

    private string BridgeOf(string name) => $"{Prefix}s{IndexOf(name)}";

    private string CableOf(VirtualMachine machine, string name) => $"{machine.Namespace}c{IndexOf(name)}";

    private int IndexOf(string name)
    {
        for (var index = 0; index < switches.Count; index++)
        {
            if (switches[index] == name) return index;
        }

        throw new ArgumentException($"No switch is called '{name}'; there are {string.Join(", ", switches)}.", nameof(name));
    }

    private static Task InAsync(VirtualMachine machine, CancellationToken cancellationToken, params string[] arguments) => RunAsync(cancellationToken, ["-netns", machine.Namespace, .. arguments]);

    private static async Task RunAsync(CancellationToken cancellationToken, params string[] arguments) =>
        (await new ToolRun(LabMachine.PathOf(LabTool.Ip), arguments).RunAsync(cancellationToken)).RequireSuccess();
}
