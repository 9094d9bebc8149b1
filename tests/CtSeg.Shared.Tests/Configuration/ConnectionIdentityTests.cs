using Azure.Identity;
using CtSeg.Configuration;
using CtSeg.Scans;

namespace CtSeg.Shared.Tests.Configuration;

public sealed class ConnectionIdentityTests
{
    private const string Client = "7c1e3ab7-92f5-4d52-8e0c-3fd5a7a2c001";

    [Theory]
    [InlineData("managedidentity", typeof(ManagedIdentityCredential))]
    [InlineData("ManagedIdentity", typeof(ManagedIdentityCredential))]
    [InlineData(null, typeof(DefaultAzureCredential))]
    [InlineData("", typeof(DefaultAzureCredential))]
    public void Given_TheWayToTheIdentity_When_Chosen_Then_AsTheHostDoes(string? credential, Type expected)
    {
        var settings = new Dictionary<string, string?> { ["A__credential"] = credential, ["A__clientId"] = Client };

        ConnectionIdentity.Of("A", settings.GetValueOrDefault).ShouldBeOfType(expected);
    }

    [Fact]
    public void Given_AConnectionStringAndAnAddress_When_Opened_Then_Refused()
    {
        var settings = new Dictionary<string, string?> { ["A"] = "UseDevelopmentStorage=true", ["A__blobServiceUri"] = "https://account.example" };

        Should.Throw<InvalidOperationException>(() => StorageConnection.Open("A", settings.GetValueOrDefault)).Message.ShouldContain("both set");
    }

    [Fact]
    public void Given_ABrokenConnectionString_When_Opened_Then_TheMessageHoldsNothingOfIt()
    {
        var settings = new Dictionary<string, string?> { ["A"] = "AccountName=a;AccountKey=secret" };

        var refused = Should.Throw<InvalidOperationException>(() => StorageConnection.Open("A", settings.GetValueOrDefault));

        refused.ToString().ShouldNotContain("secret");
    }

    [Theory]
    [InlineData("A", "key", "key")]
    [InlineData("A__queueServiceUri", "https://queues.example", "https://queues.example/")]
    [InlineData("A__blobServiceUri", "https://blobs.example", null)]
    public void Given_OneSetting_When_AServiceIsOpened_Then_ByThatOneOrNotAtAll(string name, string value, string? expected)
    {
        var settings = new Dictionary<string, string?> { [name] = value };

        StorageConnection.Find("A", ConnectionSettings.QueueEndpoint("A"), settings.GetValueOrDefault, text => text, (address, _) => address.AbsoluteUri).ShouldBe(expected);
    }
}
