"""Campaigns: addresses."""

from django.urls import path

from obole.crm.campaigns import campaign, campaign_list, campaign_new, campaign_rows

urlpatterns = [
    path("campagnes/", campaign_list.campaigns, name="campaigns"),
    path("campagnes/nouvelle/", campaign_new.campaign_new, name="campaign_new"),
    path("campagnes/<int:pk>/", campaign.campaign, name="campaign"),
    path("campagnes/<int:pk>/lignes/", campaign_rows.campaign_rows, name="campaign_rows"),
    path("campagnes/<int:pk>/recalculer/", campaign.campaign_compute, name="campaign_compute"),
    path("campagnes/<int:pk>/deposer/", campaign.campaign_deposit, name="campaign_deposit"),
    path("campagnes/<int:pk>/abandonner/", campaign.campaign_give_up, name="campaign_give_up"),
]
