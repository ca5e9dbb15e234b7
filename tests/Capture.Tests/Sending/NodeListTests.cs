using PasswordSync.Capture.Uplink;
using Shouldly;
using Xunit;

namespace PasswordSync.Capture.Tests.Sending;

public sealed class NodeListTests
{
    [Fact]
    public void Configured_nodes_stay_known_however_many_are_told()
    {
        var nodes = new NodeList([new Uri("https://configured.test")]);

        nodes.Learn([.. Enumerable.Range(0, 2 * NodeList.NodesMax).Select(n => new Uri($"https://node{n}.test"))]);

        nodes.InOrder().Length.ShouldBe(NodeList.NodesMax);
        nodes.InOrder().ShouldContain(new Uri("https://configured.test"));
    }

    [Fact]
    public void Addresses_that_cannot_be_used_are_passed_over()
    {
        var nodes = new NodeList([new Uri("https://configured.test")]);

        nodes.Learn([new Uri("relative", UriKind.Relative), new Uri("http://plain.test"), null!, new Uri("https://good.test")]);

        nodes.InOrder().ShouldBe([new Uri("https://good.test"), new Uri("https://configured.test")]);
    }

    [Fact]
    public void The_preferred_node_comes_first_and_the_others_follow_in_their_order()
    {
        var nodes = new NodeList([new Uri("https://a.test"), new Uri("https://b.test"), new Uri("https://c.test")]);

        nodes.Prefer(new Uri("https://b.test"));

        nodes.InOrder().Select(node => node.Host).ShouldBe(["b.test", "c.test", "a.test"]);
    }

    [Fact]
    public void The_node_that_is_told_of_first_comes_first_when_other_nodes_are_told_of_than_before()
    {
        var nodes = new NodeList([new Uri("https://a.test")]);
        nodes.Prefer(new Uri("https://a.test"));

        nodes.Learn([new Uri("https://b.test"), new Uri("https://a.test")]);
        nodes.InOrder().Select(node => node.Host).ShouldBe(["b.test", "a.test"]);

        nodes.Prefer(new Uri("https://a.test"));
        nodes.Learn([new Uri("https://b.test"), new Uri("https://a.test")]);
        nodes.InOrder().Select(node => node.Host).ShouldBe(["a.test", "b.test"], "nothing new was told");
    }
}
