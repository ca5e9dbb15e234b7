using System.Net;

namespace PasswordSync.Lab;

/// <summary>A machine of a <see cref="VirtualNetwork"/>: what runs there sees its cables and nothing else of the network.</summary>
public sealed class VirtualMachine
{
    private const int FirstHost = 10;

    private readonly VirtualNetwork network;
    private readonly int number;

    internal VirtualMachine(VirtualNetwork network, int number, string name)
    {
        this.network = network;
        this.number = number;
        Namespace = name;
    }

    /// <summary>The namespace's name, as <c>ip netns</c> knows it.</summary>
    internal string Namespace { get; }

    /// <summary>Its address on a switch.</summary>
    public IPAddress AddressOn(string name) => network.AddressOf(name, FirstHost + number);

    /// <summary>The address of the test and its servers on a switch.</summary>
    public IPAddress ServersOn(string name) => network.AddressOn(name);

    /// <summary>Cuts its cable to a switch.</summary>
    public Task CutAsync(string name, CancellationToken cancellationToken) => network.CutAsync(this, name, cancellationToken);

    /// <summary>Mends its cable to a switch.</summary>
    public Task MendAsync(string name, CancellationToken cancellationToken) => network.MendAsync(this, name, cancellationToken);
}
