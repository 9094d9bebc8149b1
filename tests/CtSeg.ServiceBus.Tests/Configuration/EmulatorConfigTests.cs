using CtSeg.Local.ServiceBus.Configuration;

namespace CtSeg.ServiceBus.Tests.Configuration;

public sealed class EmulatorConfigTests
{
    [Fact]
    public void Given_FileOfMicrosoftsEmulator_When_Parsed_Then_AllPropertiesAreRead()
    {
        var config = EmulatorConfig.Parse("""
            {
              "UserConfig": {
                "Namespaces": [{
                  "Name": "sbemulatorns",
                  "Queues": [{
                    "Name": "queue.1",
                    "Properties": {
                      "DeadLetteringOnMessageExpiration": true,
                      "DefaultMessageTimeToLive": "PT1H",
                      "DuplicateDetectionHistoryTimeWindow": "PT20S",
                      "ForwardDeadLetteredMessagesTo": "",
                      "ForwardTo": "",
                      "LockDuration": "PT1M",
                      "MaxDeliveryCount": 3,
                      "RequiresDuplicateDetection": true,
                      "RequiresSession": false
                    }
                  }, { "Name": "plain" }],
                  "Topics": []
                }],
                "Logging": { "Type": "File" }
              }
            }
            """);

        var queue = config.Queues[0];
        queue.Name.ShouldBe("queue.1");
        queue.DeadLetteringOnMessageExpiration.ShouldBeTrue();
        queue.DefaultMessageTimeToLive.ShouldBe(TimeSpan.FromHours(1));
        queue.DuplicateDetectionHistoryTimeWindow.ShouldBe(TimeSpan.FromSeconds(20));
        queue.LockDuration.ShouldBe(TimeSpan.FromMinutes(1));
        queue.MaxDeliveryCount.ShouldBe(3);
        queue.RequiresDuplicateDetection.ShouldBeTrue();
        config.Queues[1].MaxDeliveryCount.ShouldBe(10);
    }

    [Theory]
    [InlineData("not json", "not JSON")]
    [InlineData("{}", "UserConfig is missing")]
    [InlineData("""{"UserConfig":{"Namespaces":[]}}""", "has 0 entries")]
    [InlineData("""{"UserConfig":{"Namespaces":[{"Queues":[]}]}}""", "is empty")]
    [InlineData("""{"UserConfig":{"Namespaces":[{"Queues":[{"Name":""}]}]}}""", "is no queue name")]
    [InlineData("""{"UserConfig":{"Namespaces":[{"Queues":[{"Name":"a"},{"Name":"A"}]}]}}""", "more than once")]
    [InlineData("""{"UserConfig":{"Namespaces":[{"Queues":[{"Name":"a"}],"Topics":[{"Name":"t"}]}]}}""", "has no topics")]
    [InlineData("""{"UserConfig":{"Namespaces":[{"Queues":[{"Name":"a","Properties":{"LockDuration":"30"}}]}]}}""", "Queues[0].Properties.LockDuration '30' is not an ISO 8601 duration")]
    [InlineData("""{"UserConfig":{"Namespaces":[{"Queues":[{"Name":"a","Properties":{"LockDuration":"PT6M"}}]}]}}""", "out of range")]
    [InlineData("""{"UserConfig":{"Namespaces":[{"Queues":[{"Name":"a","Properties":{"LockDuration":"-PT1S"}}]}]}}""", "out of range")]
    [InlineData("""{"UserConfig":{"Namespaces":[{"Queues":[{"Name":"a","Properties":{"MaxDeliveryCount":0}}]}]}}""", "is not a delivery count")]
    [InlineData("""{"UserConfig":{"Namespaces":[{"Queues":[{"Name":"a","Properties":{"RequiresDuplicateDetection":"yes"}}]}]}}""", "is not a truth value")]
    [InlineData("""{"UserConfig":{"Namespaces":[{"Queues":[{"Name":"a","Properties":{"RequiresSession":true}}]}]}}""", "does not do")]
    [InlineData("""{"UserConfig":{"Namespaces":[{"Queues":[{"Name":"a","Properties":{"LockDurations":"PT1S"}}]}]}}""", "is not a known property")]
    public void Given_WrongConfiguration_When_Parsed_Then_OneSentenceSaysWhatIsWrong(string json, string expected)
    {
        var message = Should.Throw<EmulatorConfigException>(() => EmulatorConfig.Parse(json)).Message;

        message.ShouldContain(expected);
        message.ShouldNotContain("\n");
    }

    [Fact]
    public async Task Given_NoFile_When_Loaded_Then_MessageNamesIt()
    {
        var load = () => EmulatorConfig.LoadAsync("no-such-file.json", TestContext.Current.CancellationToken);

        (await load.ShouldThrowAsync<EmulatorConfigException>()).Message.ShouldContain("'no-such-file.json'");
    }
}
