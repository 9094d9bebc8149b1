using System.Text.Json;
using System.Text.Json.Nodes;
using CtSeg.Models;
using CtSeg.Shared.Tests.Contracts;

namespace CtSeg.Shared.Tests.Models;

public sealed class ModelCardTests
{
    private static readonly ModelCard Card = new("Slices.", "Free.", "Research.", "Diagnosis.", "docs/model-card.md");

    [Theory]
    [InlineData("docs/model-card.md")]
    [InlineData("../my card.md")]
    [InlineData("https://example.org/card")]
    public void Given_WhereMoreIsWritten_When_Validated_Then_LinksAndRelativePathsHold(string documentation) =>
        (Card with { Documentation = documentation }).Validate();

    [Theory]
    [InlineData("/home/somebody/card.md")]
    [InlineData("C:\\card.md")]
    [InlineData("file:///card.md")]
    [InlineData("javascript:alert(1)")]
    public void Given_APlaceThatNobodyElseHas_When_Validated_Then_ItIsNamed(string documentation) =>
        Should.Throw<InvalidDataException>((Card with { Documentation = documentation }).Validate).Message.ShouldContain($"'documentation' is '{documentation}'");

    [Fact]
    public void Given_ATextThatIsEmptyOrSteersATerminal_When_Validated_Then_ItIsNamed()
    {
        Should.Throw<InvalidDataException>((Card with { Data = " " }).Validate).Message.ShouldContain("'data' is empty");
        Should.Throw<InvalidDataException>((Card with { NotIntendedFor = "No\u001b[2Jthing." }).Validate).Message.ShouldContain("'notIntendedFor' holds");
        Should.Throw<InvalidDataException>((Card with { IntendedUse = "Two\nlines." }).Validate).Message.ShouldContain("'intendedUse' holds");
    }

    [Fact]
    public void Given_AManifest_When_Read_Then_ItsCardIsWholeOrNotThere()
    {
        static ModelManifest Read(Action<JsonObject> change)
        {
            var manifest = JsonNode.Parse(SchemaDocuments.All["model with a card"].Json)!.AsObject();
            change(manifest);
            return JsonSerializer.Deserialize(manifest.ToJsonString(), ModelsJson.Default.ModelManifest)!;
        }

        Read(_ => { }).Card.ShouldBe(Card);
        // Those of older programs have none, those of newer ones perhaps more.
        Read(manifest => manifest.Remove("card")).Card.ShouldBeNull();
        Read(manifest => manifest["card"]!["contact"] = "somebody").Card.ShouldBe(Card);
        Should.Throw<JsonException>(() => Read(manifest => manifest["card"]!.AsObject().Remove("dataLicence")));
        Should.Throw<JsonException>(() => Read(manifest => manifest["card"]!["dataLicence"] = null));
    }
}
