using System.Text.Json;
using System.Text.Json.Nodes;
using CtSeg.Models;

namespace CtSeg.Shared.Tests.Models;

public sealed class ModelConfigurationTests
{
    [Fact]
    public void Given_ADocumentWithMoreThanThisProgramKnows_When_Read_Then_ItIsRefusedInsteadOfPredictingOtherMasks() =>
        Should.Throw<JsonException>(() => Read(configuration => configuration["sharpens"] = true)).Message.ShouldContain("sharpens");

    [Fact]
    public void Given_ADocumentOfBeforeOffsetsAndTemperature_When_Read_Then_LogitsAreTakenAsTheyAre()
    {
        var configuration = Read(older =>
        {
            older.Remove("classOffsets").ShouldBeTrue();
            older.Remove("temperature").ShouldBeTrue();
        });
        configuration.ClassOffsets.ShouldBeNull();
        configuration.Temperature.ShouldBeNull();
        configuration.Validate();
    }

    private static ModelConfiguration Read(Action<JsonObject> change)
    {
        var manifest = JsonNode.Parse(Registry.JsonOf(Registry.ManifestOf("m1")).ToMemory().Span)!.AsObject();
        change(manifest["configuration"]!.AsObject());
        return manifest.Deserialize(ModelsJson.Default.ModelManifest)!.Configuration;
    }
}
